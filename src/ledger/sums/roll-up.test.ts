// Sums and rows together say what the rows alone said, at every step of the roll-up and after every crash in it.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import * as fc from "fast-check";
import { silentLog, UNKNOWN_USAGE } from "../../kernel/index.ts";
import { reservedAttempt, settledAttempt, temporaryFolder } from "../ledger.testing.ts";
import { openLedger } from "../open.ts";
import { openLedgerReader } from "../reader.ts";
import { GROUP_BYS, type GroupBy, type Totals } from "../totals.ts";
import { DAY_MS } from "./days.ts";
import { dropSome, type KeepOptions, moveRawFrom } from "./drop-rows.ts";
import { isRollUpDue, rollUp } from "./roll-up.ts";
import { rollUpAbandoned, rollUpOwn } from "./roll-up-ledgers.ts";
import { sumSome } from "./sum-rows.ts";

const NOW_MS = Date.parse("2026-11-28T12:00:00Z");
const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };
const keep: KeepOptions = { nowMs: NOW_MS, days: 30, rows: 1_000_000, dropPaid: true };
const never = new AbortController().signal;

interface Attempt {
  readonly startedAtMs: number;
  readonly virtualKeyId: string;
  readonly tool: string | null;
  readonly model: string | null;
  readonly attempt: number;
  readonly costNanos: bigint | null;
  readonly tokens: number;
  readonly settles: boolean;
  readonly paid: boolean;
}

function open(dir: string) {
  return openLedger({ path: join(dir, "node-1.db"), clock, log: silentLog });
}

async function write(dir: string, attempts: readonly Attempt[], offset = 0) {
  const ledger = open(dir);
  const left: { ref: number; attempt: Attempt }[] = [];
  for (const [index, one] of attempts.entries()) {
    const { startedAtMs, virtualKeyId, tool, model, attempt, paid } = one;
    const requestId = `req_${offset + index}`;
    const grants = paid ? [1] : [];
    const row = { startedAtMs, virtualKeyId, tool, modelRequested: model, attempt, requestId, grants };
    const ref = await ledger.reserve(reservedAttempt(row));
    if (one.settles) await ledger.settle(ref, settled(one));
    else left.push({ ref, attempt: one });
  }
  return { ledger, left };
}

function settled({ costNanos, tokens, model }: Attempt) {
  const usage = { ...UNKNOWN_USAGE, inputUncached: tokens, cacheRead: 1, output: tokens };
  return settledAttempt({ costNanos, usage, modelAnswered: model });
}

const attempts = fc.array(
  fc.record<Attempt>({
    startedAtMs: fc.integer({ min: NOW_MS - 160 * DAY_MS, max: NOW_MS }),
    virtualKeyId: fc.constantFrom("vk_1", "vk_2"),
    tool: fc.constantFrom("codex", null),
    model: fc.constantFrom("gpt-5", "claude", null),
    attempt: fc.constantFrom(1, 2),
    costNanos: fc.option(fc.bigInt({ min: 0n, max: 10n ** 16n })),
    tokens: fc.nat(1000),
    settles: fc.boolean(),
    paid: fc.boolean(),
  }),
  { maxLength: 25 },
);

async function totals(dir: string, by: GroupBy, sinceMs = 0, untilMs = NOW_MS + DAY_MS) {
  const reader = openLedgerReader(dir);
  const sums = new Map<string, Totals>();
  for await (const part of reader.totals({ by, sinceMs, untilMs })) {
    const before = sums.get(String(part.key));
    sums.set(String(part.key), before ? added(before, part) : part);
  }
  reader.close();
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function added(a: Totals, b: Totals): Totals {
  const names = Object.keys(a).filter((name) => name !== "key") as Exclude<keyof Totals, "key">[];
  return { ...a, ...Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) };
}

async function everyReport(dir: string) {
  return await Promise.all(GROUP_BYS.map((by) => totals(dir, by)));
}

function edit<T>(dir: string, work: (database: Database) => T): T {
  using database = new Database(join(dir, "node-1.db"), { readwrite: true });
  return work(database);
}

test("every report is the same before, during and after, and requests that end late are added once", async () => {
  await fc.assert(
    fc.asyncProperty(attempts, attempts, async (first, second) => {
      const dir = temporaryFolder();
      const { ledger, left } = await write(dir, first);
      const before = await everyReport(dir);
      edit(dir, sumSome);
      expect(await everyReport(dir)).toEqual(before);
      for (const { ref, attempt } of left) await ledger.settle(ref, settled(attempt));
      await ledger.close();
      const { ledger: again } = await write(dir, second, first.length);
      const complete = await everyReport(dir);
      // Each of these may be the last before a crash.
      const steps = [
        sumSome,
        sumSome,
        (database: Database) => moveRawFrom(database, keep),
        (database: Database) => dropSome(database, { dropPaid: false }),
        (database: Database) => dropSome(database, { dropPaid: true }),
      ];
      for (const step of steps) {
        edit(dir, step);
        expect(await everyReport(dir)).toEqual(complete);
      }
      await again.close();
    }),
    { numRuns: 25 },
  );
}, 60_000);

test("ranges that follow each other count everything once, wherever they cut, with rows or without", async () => {
  await fc.assert(
    fc.asyncProperty(
      attempts,
      fc.array(fc.integer({ min: NOW_MS - 161 * DAY_MS, max: NOW_MS + DAY_MS }), { maxLength: 4 }),
      async (all, cuts) => {
        const dir = temporaryFolder();
        const { ledger } = await write(
          dir,
          all.map((one) => ({ ...one, settles: true })),
        );
        const whole = await totals(dir, "vk");
        await rollUp(join(dir, "node-1.db"), keep, () => false);
        const bounds = [0, ...cuts.sort((a, b) => a - b), NOW_MS + DAY_MS];
        const parts: Record<string, Totals> = {};
        for (const [index, until] of bounds.slice(1).entries()) {
          for (const [key, part] of Object.entries(await totals(dir, "vk", bounds[index], until))) {
            parts[key] = parts[key] ? added(parts[key], part) : part;
          }
        }
        expect(parts).toEqual(whole);
        await ledger.close();
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

const one = (changes: Partial<Attempt>): Attempt => ({
  startedAtMs: NOW_MS,
  virtualKeyId: "vk_1",
  tool: null,
  model: "gpt-5",
  attempt: 1,
  costNanos: 5n,
  tokens: 1,
  settles: true,
  paid: false,
  ...changes,
});

function requests(dir: string): string[] {
  const reader = openLedgerReader(dir);
  const ids = reader.list({ limit: 100 }).map(({ requestId }) => requestId);
  reader.close();
  return ids.sort();
}

test("a day of which rows are there may be cut by the hour", async () => {
  const dir = temporaryFolder();
  const noon = Date.parse("2026-11-20T12:00:00Z");
  const { ledger } = await write(dir, [one({ startedAtMs: noon }), one({ startedAtMs: noon + 1 })]);
  await rollUp(join(dir, "node-1.db"), keep, () => false);
  expect(await totals(dir, "model", noon + 1)).toMatchObject({ "gpt-5": { requests: 1n } });
  expect(await totals(dir, "model", noon - 1, noon + 1)).toMatchObject({ "gpt-5": { requests: 1n } });
  await ledger.close();
});

test("rows go by age, and by number, but never those of the last week or of an unfinished request", async () => {
  const dir = temporaryFolder();
  const ages = [100, 31, 29, 8, 7, 6, 0];
  const { ledger } = await write(dir, [
    ...ages.map((days) => one({ startedAtMs: NOW_MS - days * DAY_MS })),
    one({ startedAtMs: 0, settles: false }),
  ]);
  const path = join(dir, "node-1.db");
  await rollUp(path, keep, () => false);
  expect(requests(dir)).toEqual(["req_2", "req_3", "req_4", "req_5", "req_6", "req_7"]);
  await rollUp(path, { ...keep, rows: 1 }, () => false);
  expect(requests(dir)).toEqual(["req_4", "req_5", "req_6", "req_7"]);
  await rollUp(path, { ...keep, days: 0, rows: 0 }, () => false);
  expect(requests(dir)).toEqual(["req_4", "req_5", "req_6", "req_7"]);
  expect(await totals(dir, "model")).toMatchObject({ "gpt-5": { requests: 7n } });
  await ledger.close();
});

test("after a long rest the last rows before it are not old", async () => {
  const dir = temporaryFolder();
  const { ledger } = await write(dir, [one({ startedAtMs: NOW_MS - 100 * DAY_MS })]);
  await rollUp(join(dir, "node-1.db"), keep, () => false);
  expect(requests(dir)).toEqual(["req_0"]);
  await ledger.close();
});

test("rows that a slice has paid stay until the slices are accounted for", async () => {
  const dir = temporaryFolder();
  const old = NOW_MS - 50 * DAY_MS;
  const { ledger } = await write(dir, [
    one({ startedAtMs: old, paid: true }),
    one({ startedAtMs: old }),
    one({}),
  ]);
  const path = join(dir, "node-1.db");
  await rollUp(path, { ...keep, dropPaid: false }, () => false);
  expect(requests(dir)).toEqual(["req_0", "req_2"]);
  expect([...ledger.chargedSince(0)]).toEqual([[1, 5n]]);
  await rollUp(path, keep, () => false);
  expect(requests(dir)).toEqual(["req_2"]);
  await ledger.close();
});

test("a number whose row is gone is never given again", async () => {
  const dir = temporaryFolder();
  const { ledger } = await write(dir, [one({}), one({})]);
  await ledger.close();
  await rollUp(join(dir, "node-1.db"), keep, () => false);
  edit(dir, (database) => database.run("DELETE FROM attempt_rows"));
  const again = open(dir);
  expect(await again.reserve(reservedAttempt())).toBe(3);
  await again.close();
});

test("threads roll up the own ledger when it is worth it, and those that nobody writes", async () => {
  const dir = temporaryFolder();
  const { ledger } = await write(dir, [one({}), one({ startedAtMs: NOW_MS - 50 * DAY_MS })]);
  const path = join(dir, "node-1.db");
  expect(isRollUpDue(path, keep, 2)).toBe(true);
  await rollUpOwn("node-1", { dir, keep, signal: never });
  expect(isRollUpDue(path, keep, 1)).toBe(false);
  expect(requests(dir)).toEqual(["req_0"]);
  const ref = await ledger.reserve(reservedAttempt({ requestId: "req_9" }));
  await ledger.settle(ref, settledAttempt());
  await ledger.close();
  await rollUpAbandoned({ dir, keep, signal: AbortSignal.abort() });
  expect(isRollUpDue(path, keep, 1)).toBe(true);
  await rollUpAbandoned({ dir, keep, signal: never });
  expect(isRollUpDue(path, keep, 1)).toBe(false);
});

test("a roll-up that is stopped leaves the rest for the next time", async () => {
  const dir = temporaryFolder();
  const { ledger } = await write(dir, [one({})]);
  const path = join(dir, "node-1.db");
  await rollUp(path, keep, () => true);
  expect(isRollUpDue(path, keep, 1)).toBe(true);
  await ledger.close();
});
