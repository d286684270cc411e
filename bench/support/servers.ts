import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstLine, runCommand } from "./commands.ts";
import { pinned } from "./processes.ts";

export const PROGRAM = join(import.meta.dir, "../../bin/ownkey");

/** A server under test, in a process of its own. */
export interface ServerUnderTest {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** What its clients present. */
  readonly credential: string;
  /** What else it wants to be told, as lines of a request's head. */
  readonly headers?: readonly string[];
  /** What it calls the model, where that is not the provider's own name. */
  readonly model?: string;
  stop(): Promise<void>;
}

export interface Ownkey extends ServerUnderTest {
  /** As the program itself measured it, from when its code was loaded. */
  readonly startMs: number;
  /** From before the process was made until its ready line was here. */
  readonly readyMs: number;
  /** Runs a command line on the same home; gives what it printed. */
  run(args: readonly string[], stdin?: string): Promise<string>;
  readonly environment: Record<string, string>;
}

export async function startBareProxy(upstreamPort: number): Promise<ServerUnderTest> {
  const script = join(import.meta.dir, "bare-proxy.ts");
  const child = Bun.spawn(pinned([process.execPath, script, `http://127.0.0.1:${upstreamPort}`]), {
    // Bun's own limit of 256 requests at once would keep idle streams from beginning.
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "65000" },
    stdout: "pipe",
    stderr: "inherit",
  });
  const url = await firstLine(child.stdout);
  return {
    name: "bare proxy",
    port: Number(new URL(url).port),
    pid: child.pid,
    credential: "unchecked",
    stop: () => ended(child),
  };
}

export interface HowToStart {
  /** Further arguments of `up`. */
  readonly args?: readonly string[];
  /** Default the one of the server under test. */
  readonly cores?: number[] | undefined;
}

/** The real program on a home of its own, without any key yet. */
export async function startOwnkey(program = PROGRAM, how: HowToStart = {}): Promise<Ownkey> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-"));
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    OWNKEY_HOME: join(folder, "home"),
    OWNKEY_LOG: "warn",
  };
  const log = Bun.file(join(folder, "stderr"));
  const startedMs = performance.now();
  const child = Bun.spawn(pinned([program, "up", "--port", "0", "--json", ...(how.args ?? [])], how.cores), {
    env: environment,
    stdout: "pipe",
    stderr: log,
  });
  const line = await firstLine(child.stdout).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${await log.text()}`);
  });
  const readyMs = performance.now() - startedMs;
  const ready = JSON.parse(line) as { url: string; pid: number; startMs: number };
  return {
    name: "Ownkey",
    port: Number(new URL(ready.url).port),
    pid: ready.pid,
    credential: "",
    startMs: ready.startMs,
    readyMs,
    environment,
    run: (args, stdin = "") => runCommand([program, ...args], environment, stdin),
    async stop() {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ownkey with a provider key for the upstream, and a virtual key for the load. */
export async function startOwnkeyFor(
  upstreamPort: number,
  program = PROGRAM,
  how: HowToStart = {},
): Promise<Ownkey> {
  const ownkey = await startOwnkey(program, how);
  const base = `http://127.0.0.1:${upstreamPort}`;
  const providerKey = `sk-${"proj"}-${"bench".repeat(10)}`;
  await ownkey.run(["keys", "add", "openai", "--base-url", base, "--stdin"], `${providerKey}\n`);
  const made = JSON.parse(await ownkey.run(["vk", "create", "--name", "bench", "--json"])) as { key: string };
  return { ...ownkey, credential: made.key };
}

/** The same program, asked with a virtual key that has a hard budget and every rate limit. */
export async function withEverythingOn(ownkey: Ownkey): Promise<ServerUnderTest> {
  const limits = ["--rpm", "100m", "--tpm", "900m", "--concurrency", "10k", "--budget", "1000000usd/month"];
  const made = await ownkey.run(["vk", "create", "--name", "bounded", "--json", ...limits]);
  const { key } = JSON.parse(made) as { key: string };
  return { ...ownkey, name: `${ownkey.name}, all on`, credential: key };
}

async function ended(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  await child.exited;
}
