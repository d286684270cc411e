import { expect, test } from "bun:test";
import { UNKNOWN_USAGE } from "../../kernel/index.ts";
import type { AttemptRow } from "../../ledger/index.ts";
import { attemptFromText, attemptText } from "./attempt-document.ts";
import { reservedRow, settledRow } from "./shared.testing.ts";

const reserved = reservedRow({
  bodyHash: new Uint8Array([1, 2, 255]),
  reservedNanos: 9_007_199_254_740_993n,
});

test("an attempt comes back as it was, amounts beyond 2⁵³ and the hash of its body included", () => {
  const usage = { ...UNKNOWN_USAGE, inputUncached: 10, clamped: true };
  const rows: AttemptRow[] = [
    { ...reserved, instance: "node-1", settled: settledRow({ usage, costNanos: 9_007_199_254_740_993n }) },
    { ...reservedRow({}), instance: "node-2", settled: settledRow({ costNanos: null }) },
    { ...reservedRow({}), instance: "node-2", settled: null },
  ];
  for (const row of rows) expect(attemptFromText(attemptText(row))).toEqual(row);
});

test("anything else is refused", () => {
  for (const text of ["", "[]", "null", '{"reservedNanos":"-1"}', '{"settled":{"costNanos":"1e3"}}']) {
    expect(() => attemptFromText(text)).toThrow();
  }
});
