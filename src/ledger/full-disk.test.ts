import { expect, test } from "bun:test";
import { join } from "node:path";
import { silentLog } from "../kernel/index.ts";
import { createBatch } from "./batch.ts";
import { openForWriting } from "./database.ts";
import { rejectionCode, reservedAttempt, settledAttempt, temporaryFolder } from "./ledger.testing.ts";

/** A ledger on a disk that `fill()` fills and `free()` empties again: SQLite's own page limit stands in for it. */
function onSmallDisk() {
  const path = join(temporaryFolder(), "node-1.db");
  const database = openForWriting(path, "normal");
  const batch = createBatch({ database, path, log: silentLog, onWritten: () => {} });
  return {
    database,
    batch,
    fill: () => database.query("PRAGMA max_page_count=1").all(),
    free: () => database.query("PRAGMA max_page_count=1000000").all(),
  };
}

/** Rows until the pages in use have no room left. */
async function reserveUntilRefused(batch: ReturnType<typeof createBatch>): Promise<number[]> {
  for (let ref = 1; ; ref++) {
    const code = await rejectionCode(batch.reserve(ref, reservedAttempt({ requestId: `req_${ref}` })));
    if (code === undefined) continue;
    expect(code).toBe("storage_full");
    return Array.from({ length: ref - 1 }, (_, i) => i + 1);
  }
}

test("a full disk refuses reservations with storage_full and keeps settlements until there is room", async () => {
  const { database, batch, fill, free } = onSmallDisk();
  fill();
  const refs = await reserveUntilRefused(batch);
  const long = settledAttempt({ modelAnswered: "m".repeat(2000) });
  const settlements = refs.map((ref) => batch.settle(ref, long));
  expect(await rejectionCode(batch.reserve(9999, reservedAttempt({ requestId: "req_late" })))).toBe(
    "storage_full",
  );
  expect(batch.unwrittenSettlements()).toBeGreaterThan(0);

  free();
  expect(
    await rejectionCode(batch.reserve(9999, reservedAttempt({ requestId: "req_late" }))),
  ).toBeUndefined();
  await Promise.all(settlements);
  expect(batch.unwrittenSettlements()).toBe(0);
  expect(database.query("SELECT count(*) AS open FROM attempts WHERE ended_at IS NULL").get()).toEqual({
    open: 1,
  });
  batch.close();
  database.close();
});

test("closing on a full disk rejects what could not be written instead of dropping it silently", async () => {
  const { database, batch, fill } = onSmallDisk();
  fill();
  const refs = await reserveUntilRefused(batch);
  const long = settledAttempt({ modelAnswered: "m".repeat(5000) });
  const settlements = refs.map((ref) => rejectionCode(batch.settle(ref, long)));
  batch.close();
  expect(await Promise.all(settlements)).toContain("storage_full");
  database.close();
});
