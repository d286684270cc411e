// What many virtual keys cost: the start of `ownkey up`, its memory, a request with a key that is in memory and with one
// that is not, and commands. The home with ten keys is the baseline. `--sizes 10,100000,1000000 --program dist/ownkey`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintVirtualKeyToken } from "../src/access/virtual-key-token.ts";
import { OPEN_POLICY, policyText } from "../src/access/virtual-key-policy.ts";
import { sealRecord } from "../src/access/virtual-key-seal.ts";
import { insertRecord } from "../src/access/virtual-key-table.ts";
import { openApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { silentLog, systemRandomness } from "../src/kernel/index.ts";
import { firstLine, runCommand } from "./support/commands.ts";
import { startCannedUpstream } from "./support/canned-upstream.ts";
import { mebi, median, percentile, table } from "./support/numbers.ts";
import { textOption } from "./support/options.ts";
import { residentBytes } from "./support/processes.ts";
import { PROGRAM } from "./support/servers.ts";

const sizes = textOption("--sizes", "10,100000,1000000").split(",").map(Number);
const program = textOption("--program", PROGRAM);
const IN_ONE_TRANSACTION = 50_000;
const SAMPLES = 1000;
const IDLE_AFTER_MS = 3000;

interface Figures {
  readonly startMs: number;
  readonly bytes: number;
  readonly cold: number[];
  readonly warm: number[];
  readonly listMs: number;
  readonly showMs: number;
}

const upstream = startCannedUpstream();
const found: Figures[] = [];
for (const size of sizes) found.push(await measure(size));
upstream.close();
const [base] = found;
const line = (what: string, of: (figures: Figures) => number, unit: (value: number) => string) => [
  what,
  ...found.map((figures) => `${unit(of(figures))} (${(of(figures) / (base ? of(base) : 1)).toFixed(2)})`),
];
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
console.log(
  table([
    ["virtual keys", ...sizes.map((size) => size.toLocaleString("en"))],
    line("up until ready, by its own clock", ({ startMs }) => startMs, ms),
    line("memory, idle", ({ bytes }) => bytes, mebi),
    line("request, key not in memory, p50", ({ cold }) => median(cold), ms),
    line("                           p99", ({ cold }) => percentile(cold, 99), ms),
    line("request, key in memory,     p50", ({ warm }) => median(warm), ms),
    line("vk show NAME", ({ showMs }) => showMs, ms),
    line("vk list (1,000 of them)", ({ listMs }) => listMs, ms),
  ]),
);

async function measure(size: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-keys-"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    OWNKEY_HOME: join(folder, "home"),
    OWNKEY_LOG: "warn",
  };
  try {
    const tokens = await fill(env, size);
    const startedUp = Bun.spawn([program, "up", "--port", "0", "--json"], {
      env,
      stdout: "pipe",
      stderr: "inherit",
    });
    const ready = JSON.parse(await firstLine(startedUp.stdout)) as {
      url: string;
      pid: number;
      startMs: number;
    };
    const base = `http://127.0.0.1:${upstream.port}`;
    const key = `sk-${"proj"}-${"bench".repeat(10)}`;
    await runCommand([program, "keys", "add", "openai", "--base-url", base, "--stdin"], env, `${key}\n`);
    await Bun.sleep(IDLE_AFTER_MS);
    const bytes = residentBytes(ready.pid) ?? 0;
    // Once, so that everything else is warm.
    await ask(ready.url, tokens[0] ?? "");
    const cold = await timesOf(tokens, async (token) => await ask(ready.url, token));
    const warm = await timesOf(tokens, async (token) => await ask(ready.url, token));
    const showMs = median(
      await timesOf(["key-5", "key-7", "key-9"], (name) =>
        runCommand([program, "vk", "show", name], env, ""),
      ),
    );
    const listMs = median(
      await timesOf([1, 2, 3], () => runCommand([program, "vk", "list", "--json"], env, "")),
    );
    startedUp.kill();
    await startedUp.exited;
    return { startMs: ready.startMs, bytes, cold, warm, showMs, listMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the keys without their audit entries; gives tokens of some that are not among the last ones made. */
async function fill(environment: Record<string, string>, size: number): Promise<string[]> {
  const config = readConfig({ environment });
  const caller = { kind: "cli", user: "bench" } as const;
  const app = await openApp(config, { storeMode: "inline", caller, log: silentLog });
  const { store, vault, clock } = app.control;
  const tokens: string[] = [];
  const every = Math.max(1, Math.floor(size / 2 / SAMPLES));
  for (let from = 0; from < size; from += IN_ONE_TRANSACTION) {
    await store.tx(async (tx) => {
      for (let at = from; at < Math.min(size, from + IN_ONE_TRANSACTION); at++) {
        const { token, hash, hint } = mintVirtualKeyToken(systemRandomness);
        if (at % every === 0 && tokens.length < SAMPLES) tokens.push(token.reveal());
        const record = sealRecord(vault, {
          id: app.newId("vk"),
          name: `key-${at}`,
          hint,
          tokenHash: hash,
          previousHash: null,
          previousUntilMs: null,
          generation: 1,
          createdAtMs: clock.nowMs(),
          expiresAtMs: null,
          policyText: policyText(OPEN_POLICY),
          state: "active",
          lastUsedAtMs: null,
        });
        await insertRecord(tx, record);
      }
    });
  }
  await app.close();
  return tokens;
}

async function ask(url: string, token: string): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: '{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"hello"}]}',
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`a request was answered with ${answer.status}`);
}

async function timesOf<Value>(
  values: readonly Value[],
  work: (value: Value) => Promise<unknown>,
): Promise<number[]> {
  const taken: number[] = [];
  for (const value of values) {
    const startedMs = performance.now();
    await work(value);
    taken.push(performance.now() - startedMs);
  }
  return taken;
}
