import type { Database } from "bun:sqlite";
import { AppError, type Clock, type Log } from "../kernel/index.ts";
import { createBatch } from "./batch.ts";
import { chargedSince } from "./charges.ts";
import { createCheckpointer } from "./checkpoint.ts";
import { settleLeftOpen } from "./crash.ts";
import { asAppError, type Durability, openForWriting } from "./database.ts";
import { noteCopy } from "./shipping.ts";
import type { Ledger } from "./ledger.ts";

export interface OpenLedgerOptions {
  /** The ledger's file. Its instance must be claimed (`claimInstance`): nobody else may write it. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default `normal`: survives `kill -9`, may lose the last commits on power loss. */
  readonly mode?: Durability;
}

export interface OpenedLedger extends Ledger {
  /** How many attempts of a process that died were found reserved and settled at their full reservation. */
  readonly settledAfterCrash: number;
  /** Settlements that could not be written yet; they are tried again until they are. */
  unwrittenSettlements(): number;
}

/**
 * Opens this process's ledger for writing and settles what a crash left reserved.
 * @throws AppError `newer_format`, `insecure_permissions`, `storage_full`, `store_unavailable`.
 */
export function openLedger({ path, clock, log, mode = "normal" }: OpenLedgerOptions): OpenedLedger {
  const database = openForWriting(path, mode);
  const { settledAfterCrash, nextRef } = start(database, path, clock);
  const checkpointer = createCheckpointer(database, path, log);
  const batch = createBatch({ database, path, log, onWritten: (rows) => checkpointer.written(rows) });
  let lastRef = nextRef - 1;
  let closed = false;

  return {
    settledAfterCrash,
    unwrittenSettlements: () => batch.unwrittenSettlements(),

    lastRef: () => lastRef,
    chargedSince: (ref) => chargedSince(database, ref),

    reserve: (attempt) => (closed ? Promise.reject(isClosed(path)) : batch.reserve(++lastRef, attempt)),
    settle: (ref, settled) => (closed ? Promise.reject(isClosed(path)) : batch.settle(ref, settled)),

    async close() {
      if (closed) return;
      closed = true;
      batch.close();
      await checkpointer.close();
      database.close();
    },
  };
}

function start(
  database: Database,
  path: string,
  clock: Clock,
): { settledAfterCrash: number; nextRef: number } {
  try {
    noteCopy(database, path);
    const settledAfterCrash = settleLeftOpen(database, clock.nowMs());
    // A number that was summed up is never given again, though its row may be gone.
    const row = database
      .query<{ last: number | null }, []>(
        "SELECT max(id) AS last FROM (SELECT max(id) AS id FROM attempt_rows UNION ALL SELECT summed_through FROM sum_mark)",
      )
      .get();
    return { settledAfterCrash, nextRef: (row?.last ?? 0) + 1 };
  } catch (error) {
    database.close();
    throw asAppError(error, path);
  }
}

function isClosed(path: string): AppError {
  return new AppError("store_unavailable", `the ledger ${path} is closed`, { retryable: true });
}
