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
import type { Machine, Machines } from "./machines.ts";
import { OwnkeyHome, type RunningUp } from "./ownkey.ts";

export interface ProofOptions {
  readonly kills: number;
  /** Streaming clients at once. */
  readonly clients: number;
  readonly seed: number;
  /** Gateways on one PostgreSQL, a machine each, cut off now and then; absent: one on SQLite, here. */
  readonly machines?: Machines;
  readonly tell?: (line: string) => void;
  /** Ends it before the next kill, with everything cleaned up. */
  readonly signal?: AbortSignal;
}

export interface Proof {
  readonly kills: number;
  readonly cuts: number;
  /** Machines that lost their power, and all their connections with it. */
  readonly replaced: number;
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

/** What of the promise does not hold, by what was found; empty when all of it does. */
export function brokenPromises(proof: Proof): string[] {
  const { answers, billedNanos, spentNanos, limitNanos, heldNanos, ledgerNanos } = proof;
  const strange = Object.keys(answers).filter((answer) => !EXPECTED_ANSWERS.includes(answer));
  const found: readonly [isBroken: boolean, what: string][] = [
    [billedNanos > spentNanos, "more is billed than is counted"],
    [spentNanos > limitNanos, "more is counted than the budget has"],
    [heldNanos !== 0n, "something is held though everything is at rest"],
    [ledgerNanos !== spentNanos, "what is counted is not what the ledgers have"],
    [strange.length > 0, `requests were answered with ${strange.join(", ")}`],
  ];
  return found.flatMap(([isBroken, what]) => (isBroken ? [what] : []));
}

/** The provider fails with 503, and so does a gateway that is cut off from the store. */
const EXPECTED_ANSWERS: readonly string[] = ["200", "402", "503", "gone"];

/** Raised step by step, so that it is nearly empty all the time. */
const STEP_NANOS = 20_000_000n;
const LONGEST_LIFE_MS = 250;
/** Now and then one lives long enough for slices to lie idle while clients still ask for what is used up. */
const LONG_LIFE_MS = 8000;
const LONG_LIFE_EVERY = 20;
const LONGEST_CUT_MS = 1000;
/** A client of a machine that is cut off, or gone, never hears of it. */
const CLIENTS_GIVE_UP_AFTER_MS = 5000;

export async function proveBudget(options: ProofOptions): Promise<Proof> {
  const { kills, clients, seed, machines, signal, tell = () => {} } = options;
  const random = randomOf(seed);
  const provider = await startBillingProvider(seed, machines?.providerHost);
  provider.behave({ uses: 1, pauseMs: 2, cuts: 0.1, fails: 0.05 });
  const passphrase = new PassphraseFile();
  const homes = machines?.each.map((machine) => homeOn(machine, passphrase)) ?? [new OwnkeyHome()];
  const load = new Load(clients, random);
  let limitNanos = STEP_NANOS;
  const ways = new Ways(machines, random);
  try {
    const ups = await startAll(homes, { provider, load, passphrase, machines });
    await setBudget(homes[0], limitNanos);
    load.start();
    for (let kill = 1; kill <= kills; kill++) {
      signal?.throwIfAborted();
      await Bun.sleep(kill % LONG_LIFE_EVERY === 0 ? LONG_LIFE_MS : random() * LONGEST_LIFE_MS);
      const node = Math.floor(random() * homes.length);
      await ways.disturb(node);
      ups[node]?.kill("SIGKILL");
      await ups[node]?.exited;
      load.urls[node] = undefined;
      check(provider, limitNanos);
      await ways.mend(node);
      const up = await mustStart(homes[node], machines?.each[node]);
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
      cuts: ways.cuts,
      replaced: ways.replaced,
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

function homeOn({ databaseUrl, startedBy }: Machine, passphrase: PassphraseFile): OwnkeyHome {
  return new OwnkeyHome(
    { OWNKEY_DATABASE_URL: databaseUrl, OWNKEY_PASSPHRASE_FILE: passphrase.path },
    startedBy,
  );
}

interface Parts {
  readonly provider: BillingProvider;
  readonly load: Load;
  readonly passphrase: PassphraseFile;
  readonly machines: Machines | undefined;
}

async function startAll(homes: readonly OwnkeyHome[], parts: Parts): Promise<RunningUp[]> {
  const { provider, load, passphrase, machines } = parts;
  const ups: RunningUp[] = [];
  for (const [at, home] of homes.entries()) {
    ups.push(await mustStart(home, machines?.each[at]));
    if (at === 0) {
      const upstream = ["--base-url", provider.url, "--no-test", ...(machines?.providerArguments ?? [])];
      await home.addKey("openai", newKey.openai(), ...upstream);
      load.virtualKey = await home.virtualKey("prover");
      if (machines !== undefined) {
        await home.json(["slots", "add", "passphrase", "--passphrase-stdin"], { stdin: passphrase.text });
      }
    }
    load.urls[at] = ups[at]?.ready.url;
  }
  return ups;
}

async function mustStart(home: OwnkeyHome | undefined, machine: Machine | undefined): Promise<RunningUp> {
  if (home === undefined) throw new RangeError("there is no such home");
  return await home.up(machine?.upArguments);
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

/** What happens to a machine's ways around the moment in which its gateway is killed. */
class Ways {
  cuts = 0;
  replaced = 0;
  readonly #machines: Machines | undefined;
  readonly #random: () => number;

  constructor(machines: Machines | undefined, random: () => number) {
    this.#machines = machines;
    this.#random = random;
  }

  /** Before: cut off for a while, and back again or not. */
  async disturb(node: number): Promise<void> {
    const machines = this.#machines;
    if (machines === undefined || this.#random() > 0.3) return;
    const from = machines.cuts[Math.floor(this.#random() * machines.cuts.length)];
    if (from === undefined) return;
    this.cuts += 1;
    await machines.cut(node, from);
    await Bun.sleep(this.#random() * LONGEST_CUT_MS);
    if (this.#random() < 0.5) await machines.heal(node);
  }

  /** After: the next start finds ways again, on this machine or on what stands in its place. */
  async mend(node: number): Promise<void> {
    const machines = this.#machines;
    if (machines?.replace === undefined || this.#random() > 0.2) return await machines?.heal(node);
    this.replaced += 1;
    await machines.replace(node);
  }
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
    const leavesMs = this.#random() < 0.2 ? this.#random() * 50 : CLIENTS_GIVE_UP_AFTER_MS;
    const timer = setTimeout(() => leaving.abort(), leavesMs);
    const limit =
      this.#random() < 0.97 ? { max_completion_tokens: 16 + Math.floor(this.#random() * 200) } : {};
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${this.virtualKey}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: MODEL,
          stream: true,
          messages: [{ role: "user", content: "word ".repeat(this.#random() * 80).trimEnd() }],
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
