import { Database } from "bun:sqlite";
import { expect, spyOn, test } from "bun:test";
import { existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Log, silentLog } from "../kernel/index.ts";
import { createCheckpointer } from "./checkpoint.ts";
import { fixedClock, reservedAttempt, settledAttempt, temporaryFolder } from "./ledger.testing.ts";
import { openLedger, type OpenedLedger } from "./open.ts";

const MEBI = 1024 * 1024;
/** More than enough for many of them. */
const MOST_ROUNDS = 10_000;

function opened() {
  const folder = temporaryFolder();
  const path = join(folder, "node-1.db");
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (event) => void warnings.push(event) };
  const ledger = openLedger({ path, clock: fixedClock, log });
  const walBytes = () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return { path, ledger, warnings, walBytes };
}

let lastNumber = 0;

/** Requests without a quiet moment, until `isEnough`; gives how many. */
async function load(ledger: OpenedLedger, isEnough: () => boolean): Promise<number> {
  let requests = 0;
  for (let round = 0; round < MOST_ROUNDS && !isEnough(); round++) {
    const attempts = Array.from({ length: 50 }, () =>
      reservedAttempt({ requestId: `req_${String(++lastNumber)}` }),
    );
    await Promise.all(
      attempts.map(async (attempt) => {
        await ledger.settle(await ledger.reserve(attempt), settledAttempt());
      }),
    );
    requests += attempts.length;
  }
  return requests;
}

function rowsIn(path: string): unknown {
  using database = new Database(path, { readonly: true });
  return database.query("SELECT count(*) FROM attempts WHERE ended_at IS NOT NULL").values()[0]?.[0];
}

test("without a quiet moment the write-ahead log is folded in again and again, and no row is lost", async () => {
  const { path, ledger, warnings, walBytes } = opened();
  let largestBytes = 0;
  let folded = 0;
  let beforeBytes = 0;
  const requests = await load(ledger, () => {
    const sizeBytes = walBytes();
    if (sizeBytes < beforeBytes) folded++;
    beforeBytes = sizeBytes;
    largestBytes = Math.max(largestBytes, sizeBytes);
    return folded === 3;
  });
  expect(folded).toBe(3);
  // A commit that meets a slow thread does it itself at 32 MiB; one more batch may have been written by then.
  expect(largestBytes).toBeLessThan(34 * MEBI);
  await ledger.close();
  expect(warnings).toEqual([]);
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect(rowsIn(path)).toBe(requests);
});

test("a reader that stays holds checkpoints up, not the writer; when it goes the log is folded in", async () => {
  const { path, ledger, warnings, walBytes } = opened();
  await load(ledger, () => lastNumber > 0);
  using reader = new Database(path, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM attempts").get();
  await load(ledger, () => walBytes() > 10 * MEBI);
  expect(walBytes()).toBeGreaterThan(10 * MEBI);
  reader.run("COMMIT");
  await load(ledger, () => walBytes() <= MEBI);
  expect(walBytes()).toBeLessThanOrEqual(MEBI);
  expect(warnings).toEqual([]);
  await ledger.close();
});

test("closing while the thread is at work loses nothing and leaves no write-ahead log", async () => {
  const { path, ledger, warnings, walBytes } = opened();
  await load(ledger, () => walBytes() > 4 * MEBI);
  await ledger.close();
  expect(warnings).toEqual([]);
  expect(existsSync(`${path}-wal`)).toBe(false);
  using database = new Database(path, { readonly: true });
  expect(database.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
});

test("what a commit has folded in is not folded in once more for a quiet moment that began before", async () => {
  const path = join(temporaryFolder(), "node-1.db");
  using database = new Database(path);
  const checkpoint = database.query("PRAGMA wal_checkpoint(PASSIVE)");
  const folds = spyOn(checkpoint, "all");
  spyOn(database, "query").mockReturnValue(checkpoint);
  const checkpointer = createCheckpointer(database, path, silentLog);
  checkpointer.written(200);
  writeFileSync(`${path}-wal`, "");
  truncateSync(`${path}-wal`, 40 * MEBI);
  checkpointer.written(200);
  expect(folds).toHaveBeenCalledTimes(1);
  await Bun.sleep(150);
  expect(folds).toHaveBeenCalledTimes(1);
  await checkpointer.close();
});
