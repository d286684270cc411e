import { expect, test } from "bun:test";
import { join } from "node:path";
import * as fc from "fast-check";
import { silentLog } from "../kernel/index.ts";
import { LARGEST_AMOUNT_NANOS } from "./columns.ts";
import { fixedClock, reservedAttempt, settledAttempt, temporaryFolder } from "./ledger.testing.ts";
import { openLedger } from "./open.ts";
import { openLedgerReader } from "./reader.ts";
import type { GroupBy, Totals } from "./totals.ts";

async function folderWith(...ledgers: readonly (readonly Parameters<typeof reservedAttempt>[0][])[]) {
  const dir = temporaryFolder();
  for (const [i, attempts] of ledgers.entries()) {
    const ledger = openLedger({ path: join(dir, `node-${i + 1}.db`), clock: fixedClock, log: silentLog });
    const refs = await Promise.all(attempts.map((attempt) => ledger.reserve(reservedAttempt(attempt))));
    await Promise.all(refs.map((ref) => ledger.settle(ref, settledAttempt())));
    await ledger.close();
  }
  return openLedgerReader(dir);
}

const ids = (rows: readonly { requestId: string; attempt: number }[]) =>
  rows.map((row) => `${row.requestId}.${row.attempt}`);

test("requests of all ledgers are listed newest first, page by page", async () => {
  const reader = await folderWith(
    [{ requestId: "req_a" }, { requestId: "req_c" }, { requestId: "req_c", attempt: 2 }],
    [{ requestId: "req_b" }, { requestId: "req_d" }],
  );
  expect(ids(reader.list())).toEqual(["req_d.1", "req_c.2", "req_c.1", "req_b.1", "req_a.1"]);
  expect(ids(reader.list({ limit: 2 }))).toEqual(["req_d.1", "req_c.2"]);
  expect(ids(reader.list({ beforeRequestId: "req_c" }))).toEqual(["req_b.1", "req_a.1"]);
  expect(ids(reader.list({ afterRequestId: "req_b" }))).toEqual(["req_d.1", "req_c.2", "req_c.1"]);
  reader.close();
});

test("lists are narrowed by the beginning of the id, time, virtual key, connection and tool", async () => {
  const reader = await folderWith([
    { requestId: "req_01a", startedAtMs: 10, virtualKeyId: "vk_1", connectionId: "c_1", tool: "codex" },
    { requestId: "req_01b", startedAtMs: 20, virtualKeyId: "vk_2", connectionId: "c_1", tool: null },
    { requestId: "req_02a", startedAtMs: 30, virtualKeyId: "vk_1", connectionId: "c_2", tool: "cline" },
  ]);
  expect(ids(reader.list({ requestIdPrefix: "req_01" }))).toEqual(["req_01b.1", "req_01a.1"]);
  expect(ids(reader.list({ requestIdPrefix: "req_%" }))).toEqual([]);
  expect(ids(reader.list({ sinceMs: 20, untilMs: 30 }))).toEqual(["req_01b.1"]);
  expect(ids(reader.list({ virtualKeyId: "vk_1" }))).toEqual(["req_02a.1", "req_01a.1"]);
  expect(ids(reader.list({ connectionId: "c_1", tool: "codex" }))).toEqual(["req_01a.1"]);
  reader.close();
});

test("a folder without ledgers, or none at all, is empty", async () => {
  for (const dir of [temporaryFolder(), join(temporaryFolder(), "missing")]) {
    const reader = openLedgerReader(dir);
    expect(reader.list()).toEqual([]);
    expect(await collect(reader.totals({ by: "model", sinceMs: 0, untilMs: 1 }))).toEqual([]);
    reader.close();
  }
});

test("ledgers that appear later are found", async () => {
  const dir = temporaryFolder();
  const reader = openLedgerReader(dir);
  expect(reader.list()).toEqual([]);
  const ledger = openLedger({ path: join(dir, "node-1.db"), clock: fixedClock, log: silentLog });
  await ledger.reserve(reservedAttempt());
  expect(reader.list()).toHaveLength(1);
  reader.close();
  await ledger.close();
});

test("sums beyond one slice are complete, and count no row twice", async () => {
  const dir = temporaryFolder();
  const ledger = openLedger({ path: join(dir, "node-1.db"), clock: fixedClock, log: silentLog });
  // Many rows of the same millisecond: slices are cut between rows, not between times.
  const refs = await Promise.all(
    Array.from({ length: 25_000 }, (_, i) =>
      ledger.reserve(reservedAttempt({ requestId: `req_${i}`, startedAtMs: 1000 + Math.floor(i / 12_000) })),
    ),
  );
  await Promise.all(refs.map((ref) => ledger.settle(ref, settledAttempt({ costNanos: 3n }))));
  const reader = openLedgerReader(dir);
  const parts = await collect(reader.totals({ by: "model", sinceMs: 0, untilMs: 2000 }));
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.reduce((sum, part) => sum + part.requests, 0n)).toBe(25_000n);
  expect(parts.reduce((sum, part) => sum + part.costNanos, 0n)).toBe(75_000n);
  reader.close();
  await ledger.close();
});

test("sums of the largest amounts do not overflow", async () => {
  const dir = temporaryFolder();
  const ledger = openLedger({ path: join(dir, "node-1.db"), clock: fixedClock, log: silentLog });
  const refs = await Promise.all(
    Array.from({ length: 2000 }, (_, i) => ledger.reserve(reservedAttempt({ requestId: `req_${i}` }))),
  );
  await Promise.all(refs.map((ref) => ledger.settle(ref, settledAttempt({ costNanos: 2n ** 63n }))));
  const reader = openLedgerReader(dir);
  const parts = await collect(reader.totals({ by: "model", sinceMs: 0, untilMs: 2 ** 52 }));
  expect(parts.reduce((sum, part) => sum + part.costNanos, 0n)).toBe(2000n * LARGEST_AMOUNT_NANOS);
  reader.close();
  await ledger.close();
});

async function collect(parts: AsyncIterable<Totals>): Promise<Totals[]> {
  const all: Totals[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

test("whatever happens to a ledger, it equals a plain list of what was promised", async () => {
  const command = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("reserve" as const), nanos: nanosOrNull() }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("settle" as const), pick: fc.nat(), nanos: nanosOrNull() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      const dir = temporaryFolder();
      const reopen = () => openLedger({ path: join(dir, "node-1.db"), clock: fixedClock, log: silentLog });
      let ledger = reopen();
      const model = new Map<string, { nanos: bigint | null; end: string | null }>();
      let open: { ref: number; id: string; nanos: bigint | null }[] = [];
      let pending: Promise<unknown>[] = [];
      for (const [i, step] of commands.entries()) {
        if (step.do === "reserve") {
          const id = `req_${String(i).padStart(4, "0")}`;
          model.set(id, { nanos: step.nanos, end: null });
          const ref = await ledger.reserve(reservedAttempt({ requestId: id, reservedNanos: step.nanos }));
          open.push({ ref, id, nanos: step.nanos });
        } else if (step.do === "settle") {
          const [one] = open.splice(step.pick % Math.max(open.length, 1), 1);
          if (!one) continue;
          model.set(one.id, { nanos: step.nanos, end: "complete" });
          pending.push(ledger.settle(one.ref, settledAttempt({ costNanos: step.nanos })));
        } else {
          await Promise.all(pending);
          pending = [];
          if (step.do === "turn") continue;
          await ledger.close();
          ledger = reopen();
          expect(ledger.settledAfterCrash).toBe(open.length);
          for (const { id, nanos } of open) model.set(id, { nanos, end: "crash" });
          open = [];
        }
      }
      await Promise.all(pending);
      const reader = openLedgerReader(dir);
      const rows = reader.list({ limit: 1000 }).reverse();
      expect(rows.map((row) => [row.requestId, row.settled?.end ?? null])).toEqual(
        [...model].map(([id, { end }]) => [id, end]),
      );
      for (const row of rows) {
        const expected = model.get(row.requestId)?.nanos ?? null;
        expect(row.settled ? row.settled.costNanos : row.reservedNanos).toBe(expected);
      }
      const by: GroupBy = "vk";
      const totals = await collect(reader.totals({ by, sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER }));
      const settled = rows.filter((row) => row.settled);
      expect(totals.reduce((sum, part) => sum + part.attempts, 0n)).toBe(BigInt(settled.length));
      reader.close();
      await ledger.close();
    }),
    { numRuns: 40 },
  );
});

function nanosOrNull(): fc.Arbitrary<bigint | null> {
  return fc.oneof(fc.constant(null), fc.bigInt({ min: 0n, max: LARGEST_AMOUNT_NANOS }));
}
