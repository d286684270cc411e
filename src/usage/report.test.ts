import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { parseUsd, silentLog, systemClock, UNKNOWN_USAGE } from "../kernel/index.ts";
import { openLedger, openLedgerReader, type ReservedAttempt, type SettledAttempt } from "../ledger/index.ts";
import { REPORT_GROUPS, usageReport } from "./report.ts";
import { reservedRow, settledRow } from "./shared/shared.testing.ts";

const STARTED_MS = Date.parse("2026-11-20T10:00:00Z");

interface Row {
  instance: 1 | 2;
  reserved: Partial<ReservedAttempt>;
  settled: Partial<SettledAttempt> | null;
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const names = { virtualKey: (id: string) => `name of ${id}`, connection: String, providerKey: String };

async function ledgersWith(rows: readonly Row[]) {
  const dir = mkdtempSync(join(tmpdir(), "ownkey-report-"));
  folders.push(dir);
  const open = [1, 2].map((n) =>
    openLedger({ path: join(dir, `node-${n}.db`), clock: systemClock, log: silentLog }),
  );
  await Promise.all(
    rows.map(async ({ instance, reserved, settled }, i) => {
      const ledger = open[instance - 1] ?? open[0];
      const ref = await ledger?.reserve(
        reservedRow({ requestId: `req_${i}`, startedAtMs: STARTED_MS, ...reserved }),
      );
      if (settled && ref !== undefined) await ledger?.settle(ref, settledRow(settled));
    }),
  );
  const reader = openLedgerReader(dir);
  return {
    report: (options: Partial<Parameters<typeof usageReport>[0]> = {}) =>
      usageReport({ ledgers: reader, names, by: "model", sinceMs: null, untilMs: null, ...options }),
    close: async () => {
      reader.close();
      await Promise.all(open.map((ledger) => ledger.close()));
    },
  };
}

test("a report sums over all ledgers; requests under way are not in it", async () => {
  const usage = { ...UNKNOWN_USAGE, inputUncached: 40, cacheRead: 60, cacheWrite5m: 5, output: 25 };
  const { report, close } = await ledgersWith([
    { instance: 1, reserved: {}, settled: { usage, costNanos: 1_500_000_000n } },
    { instance: 2, reserved: {}, settled: { usage, costNanos: 1n, estimated: true } },
    { instance: 2, reserved: { attempt: 2, modelRequested: "other" }, settled: { costNanos: null } },
    { instance: 1, reserved: {}, settled: null },
  ]);
  const sums = { inputTokens: 210, cachedInputTokens: 120, outputTokens: 50, estimated: 1 };
  expect(await report()).toEqual({
    from: null,
    to: null,
    by: "model",
    items: [
      { key: "gpt-5", label: "gpt-5", requests: 2, ...sums, costUsd: "1.500000001", unpriced: 0 },
      {
        key: "other",
        label: "other",
        requests: 0,
        inputTokens: 0,
        cachedInputTokens: 0,
        outputTokens: 0,
        costUsd: null,
        unpriced: 1,
        estimated: 0,
      },
    ],
    total: { requests: 2, ...sums, costUsd: "1.500000001", unpriced: 1 },
  });
  await close();
});

test("days and months are those of UTC, in order; the range is from inclusive to exclusive", async () => {
  const at = (text: string) => ({ startedAtMs: Date.parse(text) });
  const { report, close } = await ledgersWith([
    { instance: 1, reserved: at("2026-11-20T23:59:59.999Z"), settled: { costNanos: 9n } },
    { instance: 2, reserved: at("2026-11-21T00:00:00.000Z"), settled: { costNanos: 8n } },
    { instance: 1, reserved: at("2026-12-01T00:00:00.000Z"), settled: { costNanos: 10n } },
  ]);
  expect((await report({ by: "day" })).items.map(({ key }) => key)).toEqual([
    "2026-11-20",
    "2026-11-21",
    "2026-12-01",
  ]);
  expect((await report({ by: "month" })).items.map(({ key }) => key)).toEqual(["2026-11", "2026-12"]);
  const ranged = await report({
    by: "day",
    sinceMs: Date.parse("2026-11-21T00:00:00Z"),
    untilMs: Date.parse("2026-12-01T00:00:00Z"),
  });
  expect(ranged).toMatchObject({
    from: "2026-11-21T00:00:00.000Z",
    to: "2026-12-01T00:00:00.000Z",
    total: { requests: 1, costUsd: "0.000000008" },
  });
  await close();
});

test("ids are shown by their names", async () => {
  const { report, close } = await ledgersWith([{ instance: 1, reserved: {}, settled: {} }]);
  expect((await report({ by: "vk" })).items[0]).toMatchObject({ key: "vk_1", label: "name of vk_1" });
  expect((await report({ by: "tool" })).items[0]).toMatchObject({ key: null, label: null });
  await close();
});

test("without any request everything is 0", async () => {
  const { report, close } = await ledgersWith([]);
  expect(await report()).toMatchObject({ items: [], total: { requests: 0, costUsd: "0", unpriced: 0 } });
  await close();
});

test("whatever the rows and the grouping, the items add up to the total and the total to the rows", async () => {
  const label = fc.constantFrom(null, "a", "b");
  const row = fc.record({
    instance: fc.constantFrom<1 | 2>(1, 2),
    reserved: fc.record({
      tool: label,
      team: label,
      startedAtMs: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
    }),
    settled: fc.record({
      costNanos: fc.oneof(fc.constant(null), fc.bigInt({ min: 0n, max: 10n ** 14n })),
      estimated: fc.boolean(),
    }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 20 }),
      fc.constantFrom(...REPORT_GROUPS),
      async (rows, by) => {
        const { report, close } = await ledgersWith(rows);
        const { items, total } = await report({ by });
        await close();
        const nanos = (usd: string | null) => parseUsd(usd ?? "0") ?? -1n;
        const costs = rows.map(({ settled }) => settled.costNanos ?? 0n);
        expect(items.reduce((sum, item) => sum + nanos(item.costUsd), 0n)).toBe(nanos(total.costUsd));
        expect(nanos(total.costUsd)).toBe(costs.reduce((sum, cost) => sum + cost, 0n));
        expect(items.reduce((sum, item) => sum + item.requests, 0)).toBe(rows.length);
        expect(total.unpriced).toBe(rows.filter(({ settled }) => settled.costNanos === null).length);
        expect(total.estimated).toBe(rows.filter(({ settled }) => settled.estimated).length);
      },
    ),
    { numRuns: 40 },
  );
});
