/**
 * Real gateways, killed again and again under load on a nearly empty budget, against a provider that bills: whatever
 * happens, the bill stays within the budget. `test/budget-proof.test.ts` runs it short, `npm run prove` long.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BillingProvider } from "./billing.ts";
import { MODEL, randomOf, startBillingProvider } from "./billing.ts";
import { newKey } from "./keys.ts";
import { OwnkeyHome, type RunningUp } from "./ownkey.ts";

export interface ProofOptions {
  readonly kills: number;
  /** Streaming clients at once. */
  readonly clients: number;
  readonly seed: number;
  /** Homes on one PostgreSQL, whose connection to it is cut now and then; absent: one home on SQLite. */
  readonly shared?: { readonly urls: readonly string[]; cut(node: number, isCut: boolean): void };
  readonly tell?: (line: string) => void;
}

export interface Proof {
  readonly kills: number;
  readonly cuts: number;
  readonly requests: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly limitNanos: bigint;
  readonly billedNanos: bigint;
  /** What the budget counts at the end, everything at rest. */
  readonly spentNanos: bigint;
  readonly heldNanos: bigint;
  /** The sum of all ledgers' rows that the budget paid for. */
  readonly ledgerNanos: bigint;
}

/** Raised step by step, so that it is nearly empty all the time. */
const STEP_NANOS = 20_000_000n;
const LONGEST_LIFE_MS = 250;

export async function proveBudget(options: ProofOptions): Promise<Proof> {
  const { kills, clients, seed, shared, tell = () => {} } = options;
  const random = randomOf(seed);
  const provider = await startBillingProvider(seed);
  provider.behave({ uses: 1, pauseMs: 2, cuts: 0.1, fails: 0.05 });
  const passphrase = new PassphraseFile();
  const homes = (shared?.urls ?? [undefined]).map(
    (url) =>
      new OwnkeyHome(
        url === undefined ? {} : { OWNKEY_DATABASE_URL: url, OWNKEY_PASSPHRASE_FILE: passphrase.path },
      ),
  );
  const load = new Load(clients, random);
  let limitNanos = STEP_NANOS;
  let cuts = 0;
  try {
    const ups = await startAll(homes, { provider, load, passphrase });
    await setBudget(homes[0], limitNanos);
    load.start();
    for (let kill = 1; kill <= kills; kill++) {
      await Bun.sleep(random() * LONGEST_LIFE_MS);
      const node = Math.floor(random() * homes.length);
      if (shared !== undefined && random() < 0.3) {
        shared.cut(node, true);
        cuts += 1;
        await Bun.sleep(random() * LONGEST_LIFE_MS);
        shared.cut(node, false);
      }
      ups[node]?.kill("SIGKILL");
      await ups[node]?.exited;
      load.urls[node] = undefined;
      check(provider, limitNanos);
      const up = await mustStart(homes[node]);
      ups[node] = up;
      load.urls[node] = up.ready.url;
      if (kill % 2 === 0) {
        limitNanos += STEP_NANOS;
        await setBudget(homes[0], limitNanos);
      }
      if (kill % 50 === 0) {
        tell(
          `${kill} kills, ${provider.requests()} requests, billed ${provider.billedNanos()} of ${limitNanos}`,
        );
      }
    }
    await load.stop();
    // Stopped in peace: what is not in use goes back, and everything is accounted for.
    for (const up of ups) {
      up.kill("SIGTERM");
      await up.exited;
    }
    check(provider, limitNanos);
    return {
      kills,
      cuts,
      requests: provider.requests(),
      answers: load.answers,
      limitNanos,
      billedNanos: provider.billedNanos(),
      ...(await standing(homes[0])),
      ledgerNanos: await ledgerSum(homes),
    };
  } finally {
    await load.stop();
    for (const home of homes) await home.remove();
    passphrase.remove();
    await provider.close();
  }
}

function check(provider: BillingProvider, limitNanos: bigint): void {
  if (provider.billedNanos() <= limitNanos) return;
  throw new Error(`the provider has billed ${provider.billedNanos()}, and the budget is ${limitNanos}`);
}

async function startAll(
  homes: readonly OwnkeyHome[],
  { provider, load, passphrase }: { provider: BillingProvider; load: Load; passphrase: PassphraseFile },
): Promise<RunningUp[]> {
  const ups: RunningUp[] = [];
  for (const [at, home] of homes.entries()) {
    ups.push(await home.up());
    if (at === 0) {
      await home.addKey("openai", newKey.openai(), "--base-url", provider.url, "--no-test");
      load.virtualKey = await home.virtualKey("prover");
      if (homes.length > 1) {
        await home.json(["slots", "add", "passphrase", "--stdin"], { stdin: passphrase.text });
      }
    }
    load.urls[at] = ups[at]?.ready.url;
  }
  return ups;
}

async function mustStart(home: OwnkeyHome | undefined): Promise<RunningUp> {
  if (home === undefined) throw new RangeError("there is no such home");
  return await home.up();
}

async function setBudget(home: OwnkeyHome | undefined, limitNanos: bigint): Promise<void> {
  await home?.json(["budget", "set", "everything", `${usd(limitNanos)}usd/lifetime`]);
}

async function standing(home: OwnkeyHome | undefined): Promise<{ spentNanos: bigint; heldNanos: bigint }> {
  const found = await home?.json<{ items: { spentUsd: string; heldUsd: string }[] }>(["budget", "list"]);
  const [budget] = found?.items ?? [];
  return { spentNanos: nanos(budget?.spentUsd), heldNanos: nanos(budget?.heldUsd) };
}

async function ledgerSum(homes: readonly OwnkeyHome[]): Promise<bigint> {
  const sums = new Map<string, bigint>();
  for (const home of homes) {
    const { total } = await home.json<{ total: { costUsd: string } }>(["usage", "--since", "2020-01-01"]);
    sums.set(total.costUsd, nanos(total.costUsd));
  }
  // On one database every machine's report is that of all.
  return [...sums.values()].reduce((sum, one) => sum + one, 0n);
}

function usd(nanosOf: bigint): string {
  const text = nanosOf.toString().padStart(10, "0");
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}

function nanos(text: string | undefined): bigint {
  const [whole = "0", part = ""] = (text ?? "0").split(".");
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, "0"));
}

/** Unlocks the vault of a shared database on each machine that starts, again and again. */
class PassphraseFile {
  readonly text = "five words that nobody guesses";
  readonly #folder = mkdtempSync(join(tmpdir(), "ownkey-proof-"));
  readonly path = join(this.#folder, "passphrase");

  constructor() {
    writeFileSync(this.path, this.text, { mode: 0o600 });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Clients that never give up: short and long requests, with and without a limit, some of which leave in the middle. */
class Load {
  virtualKey = "";
  readonly urls: (string | undefined)[] = [];
  readonly answers: Record<string, number> = {};
  readonly #clients: number;
  readonly #random: () => number;
  #running: Promise<void>[] = [];
  #stopped = false;

  constructor(clients: number, random: () => number) {
    this.#clients = clients;
    this.#random = random;
  }

  start(): void {
    this.#running = Array.from({ length: this.#clients }, () => this.#client());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #client(): Promise<void> {
    while (!this.#stopped) {
      const url = this.urls[Math.floor(this.#random() * this.urls.length)];
      if (url === undefined) {
        await Bun.sleep(5);
        continue;
      }
      const answer = await this.#ask(url).catch(() => "gone");
      this.answers[answer] = (this.answers[answer] ?? 0) + 1;
      if (answer !== "200") await Bun.sleep(5 + this.#random() * 20);
    }
  }

  async #ask(url: string): Promise<string> {
    const leaving = new AbortController();
    const leavesMs = this.#random() < 0.2 ? this.#random() * 50 : undefined;
    const timer = leavesMs === undefined ? undefined : setTimeout(() => leaving.abort(), leavesMs);
    const limit =
      this.#random() < 0.97 ? { max_completion_tokens: 16 + Math.floor(this.#random() * 200) } : {};
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${this.virtualKey}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: MODEL,
          stream: true,
          messages: [{ role: "user", content: "x".repeat(Math.floor(this.#random() * 400)) }],
          ...limit,
        }),
        signal: leaving.signal,
      });
      await response.text();
      return String(response.status);
    } finally {
      clearTimeout(timer);
    }
  }
}
