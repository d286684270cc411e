/** Ownkey as its users meet it: real processes on a home of their own. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownkeyCommand } from "./program.ts";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Ready {
  readonly event: string;
  readonly url: string;
  readonly ui: string;
  readonly pid: number;
  readonly home: string;
  readonly startMs: number;
}

/** One attempt as `requests list --json` tells it. */
export interface RequestRow {
  readonly requestId: string;
  readonly state: "reserved" | "settled" | "estimated";
  readonly end: string | null;
  readonly status: number | null;
  readonly verdict: string | null;
  readonly virtualKey: string;
  readonly connection: string;
  readonly providerKey: string;
  readonly provider: string;
  readonly dialect: string;
  readonly tool: string | null;
  readonly route: string;
  readonly stream: boolean;
  readonly modelRequested: string | null;
  readonly modelAnswered: string | null;
  readonly serviceTier: string | null;
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly cacheWrite5mTokens: number | null;
  readonly cacheWrite1hTokens: number | null;
  readonly outputTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly reservedUsd: string | null;
  readonly costUsd: string | null;
  readonly estimated: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number | null;
}

export interface RunningUp {
  readonly ready: Ready;
  /** What it has written to stderr so far. */
  stderr(): string;
  /** What it writes to stdout behind the ready line, until it ends. */
  restOfStdout(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Exit code. */
  readonly exited: Promise<number>;
}

/** A home in a temporary folder, and the commands that are run on it. */
export class OwnkeyHome {
  readonly folder = mkdtempSync(join(tmpdir(), "ownkey-e2e-"));
  readonly home = join(this.folder, "home");
  /** Everything that any command has printed: for the canary test. */
  readonly printed: string[] = [];
  /** Virtual keys that `vk create` has shown: the one place where they may be. */
  readonly shown: string[] = [];
  readonly #running: Bun.Subprocess[] = [];
  readonly #environment: Record<string, string>;
  readonly #startedBy: readonly string[];

  /** `startedBy` is the start of a command line that runs what follows, elsewhere than here for instance. */
  constructor(environment: Record<string, string> = {}, startedBy: readonly string[] = []) {
    this.#startedBy = startedBy;
    this.#environment = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.folder,
      OWNKEY_HOME: this.home,
      NO_COLOR: "1",
      ...environment,
    };
  }

  /** Runs one command to its end. */
  async run(
    args: readonly string[],
    options: { stdin?: string; env?: Record<string, string>; cwd?: string } = {},
  ): Promise<CommandResult> {
    const child = Bun.spawn([...(await this.#command()), ...args], {
      env: { ...this.#environment, ...options.env },
      cwd: options.cwd ?? this.folder,
      stdin: new Blob([options.stdin ?? ""]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    this.printed.push(stdout, stderr);
    return { code, stdout, stderr };
  }

  /** Starts a command that goes on until it is stopped. */
  async start(
    args: readonly string[],
  ): Promise<{ line(): Promise<string>; printed(): boolean; stop(): Promise<void> }> {
    const child = Bun.spawn([...(await this.#command()), ...args], {
      env: this.#environment,
      cwd: this.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    this.#running.push(child);
    let printed = false;
    return {
      async line() {
        const line = await firstLine(child.stdout);
        printed = true;
        return line;
      },
      printed: () => printed,
      async stop() {
        child.kill("SIGINT");
        await child.exited;
      },
    };
  }

  /** Starts a command and kills it after that time, without a chance to clean up; false when it had ended before. */
  async runKilled(args: readonly string[], afterMs: number): Promise<boolean> {
    const child = Bun.spawn([...(await this.#command()), ...args], {
      env: this.#environment,
      cwd: this.folder,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    const ended = await Promise.race([child.exited.then(() => true), Bun.sleep(afterMs).then(() => false)]);
    child.kill("SIGKILL");
    await child.exited;
    return !ended;
  }

  /** Runs a command with `--json` that must succeed, and gives its document. */
  async json<Document = Record<string, unknown>>(
    args: readonly string[],
    options: { stdin?: string; env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Document> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], options);
    if (code !== 0) throw new Error(`ownkey ${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Document;
  }

  /** Stores a provider key, given on standard input. */
  async addKey(provider: string, key: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    return await this.json(["keys", "add", provider, "--stdin", ...args], { stdin: key });
  }

  /** Makes a virtual key. */
  async virtualKey(name: string, ...args: readonly string[]): Promise<string> {
    const { key } = await this.json<{ key: string }>(["vk", "create", "--name", name, ...args]);
    this.shown.push(key);
    return key;
  }

  /** Calls an operation on the socket of the running `up`: what the commands do, without the start of a process. */
  async call<Document = Record<string, unknown>>(operation: string, input: object = {}): Promise<Document> {
    const { socket } = JSON.parse(readFileSync(join(this.home, "run/up.json"), "utf8")) as { socket: string };
    const response = await fetch(`http://localhost/api/${operation}`, {
      unix: socket,
      method: "POST",
      body: JSON.stringify(input),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation} failed: ${text}`);
    return JSON.parse(text) as Document;
  }

  /** The newest attempts, newest first. */
  async requests(limit = 100): Promise<readonly RequestRow[]> {
    return (await this.call<{ items: readonly RequestRow[] }>("requests.list", { limit })).items;
  }

  /** The newest attempt, once it is settled. */
  async lastRequest(): Promise<RequestRow> {
    return await until(async () => {
      const [newest] = await this.requests(1);
      return newest?.state === "reserved" ? undefined : newest;
    }, "the newest request is settled");
  }

  /** Starts `ownkey up` on free ports and waits for its ready line. */
  async up(args: readonly string[] = [], env: Record<string, string> = {}): Promise<RunningUp> {
    const child = Bun.spawn([...(await this.#command()), "up", "--port", "0", "--json", ...args], {
      env: { ...this.#environment, ...env },
      cwd: this.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#running.push(child);
    let stderr = "";
    void (async () => {
      for await (const chunk of child.stderr) {
        const text = Buffer.from(chunk).toString();
        stderr += text;
        this.printed.push(text);
      }
    })();
    const line = await firstLine(child.stdout);
    this.printed.push(line);
    if (line === "") throw new Error(`ownkey up ended with ${await child.exited}: ${stderr}`);
    return {
      ready: JSON.parse(line) as Ready,
      stderr: () => stderr,
      restOfStdout: () => child.stdout.text(),
      kill: (signal) => child.kill(signal),
      exited: child.exited,
    };
  }

  async #command(): Promise<readonly string[]> {
    return [...this.#startedBy, ...(await ownkeyCommand())];
  }

  /** Kills what still runs and removes the folder. */
  async remove(): Promise<void> {
    for (const child of this.#running) {
      child.kill("SIGKILL");
      await child.exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Looks again and again, without a fixed wait, until there is something. @throws Error naming what did not come. */
export async function until<Value>(
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  what: string,
  limitMs = 15_000,
): Promise<Value> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await Bun.sleep(10);
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const reader = stream.getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  reader.releaseLock();
  return text.split("\n")[0] ?? "";
}
