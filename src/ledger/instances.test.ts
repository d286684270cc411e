import { expect, test } from "bun:test";
import { join } from "node:path";
import { silentLog } from "../kernel/index.ts";
import { claimInstance, settleAbandoned } from "./instances.ts";
import { fixedClock, reservedAttempt, settledAttempt, temporaryFolder } from "./ledger.testing.ts";
import { openLedger } from "./open.ts";
import { openLedgerReader } from "./reader.ts";

const options = { clock: fixedClock, log: silentLog };

test("each claim gets an instance of its own, and a released one is used again", () => {
  const dir = join(temporaryFolder(), "ledger");
  const first = claimInstance(dir);
  const second = claimInstance(dir);
  expect([first.instance, second.instance]).toEqual(["node-1", "node-2"]);
  first.close();
  const again = claimInstance(dir);
  expect(again.path).toBe(first.path);
  second.close();
  again.close();
});

test("what a vanished gateway left reserved is settled by whoever starts; living ones are left alone", async () => {
  const dir = join(temporaryFolder(), "ledger");
  const alive = claimInstance(dir);
  const gone = claimInstance(dir);
  const aliveLedger = openLedger({ path: alive.path, ...options });
  const goneLedger = openLedger({ path: gone.path, ...options });
  const ref = await aliveLedger.reserve(reservedAttempt({ requestId: "req_alive" }));
  await goneLedger.reserve(reservedAttempt({ requestId: "req_gone", reservedNanos: 9n }));
  await goneLedger.close();
  gone.close();

  expect(await settleAbandoned({ dir, ...options })).toBe(1);
  expect(await settleAbandoned({ dir, ...options })).toBe(0);
  const reader = openLedgerReader(dir);
  const rows = new Map(reader.list().map((row) => [row.requestId, row]));
  expect(rows.get("req_gone")).toMatchObject({
    instance: "node-2",
    settled: { end: "crash", costNanos: 9n },
  });
  expect(rows.get("req_alive")?.settled).toBeNull();
  await aliveLedger.settle(ref, settledAttempt());
  reader.close();
  await aliveLedger.close();
  alive.close();
});

test("a ledger that cannot be opened does not keep the others from being settled", async () => {
  const dir = join(temporaryFolder(), "ledger");
  const claim = claimInstance(dir);
  const ledger = openLedger({ path: claim.path, ...options });
  await ledger.reserve(reservedAttempt());
  await ledger.close();
  claim.close();
  await Bun.write(join(dir, "broken.db"), "not a database".repeat(100));
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (event: string) => warnings.push(event) };
  expect(await settleAbandoned({ dir, clock: fixedClock, log })).toBe(1);
  expect(warnings).toEqual(["ledger.abandoned_unreadable"]);
});
