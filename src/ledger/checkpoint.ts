import type { Database } from "bun:sqlite";
import type { Log } from "../kernel/index.ts";

/** Quiet time after which the write-ahead log is folded into the database. */
const IDLE_MS = 50;
/** Rows that make a checkpoint worth its two fsyncs. */
const WORTHWHILE_ROWS = 200;
/** Without a quiet moment a commit does it when the write-ahead log has grown to this many pages (16 MiB). */
const LARGEST_WAL_PAGES = 4096;

/**
 * Keeps checkpoints out of the way of requests: they run when no row has been written for a while. PASSIVE never
 * waits for a reader. Without a quiet moment a commit pays: measured at 26 k requests/s on two busy cores, such a
 * commit took up to 50 ms, once in 1.5 s, against 20 ms of noise without any checkpoint; smaller limits made it
 * shorter but more frequent, larger ones up to 190 ms. A thread for it would not shrink the write-ahead log under
 * constant load, as only a checkpoint that has caught up with the writer lets the log begin anew.
 */
export function createCheckpointer(
  database: Database,
  log: Log,
): { written: (rows: number) => void; close: () => void } {
  database.run(`PRAGMA wal_autocheckpoint=${LARGEST_WAL_PAGES}`);
  const checkpoint = database.query("PRAGMA wal_checkpoint(PASSIVE)");
  let rowsSince = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const run = () => {
    timer = undefined;
    try {
      checkpoint.all();
      rowsSince = 0;
    } catch (error) {
      log.warn("ledger.checkpoint_failed", { error });
    }
  };

  return {
    written(rows) {
      rowsSince += rows;
      if (rowsSince < WORTHWHILE_ROWS) return;
      if (timer) timer.refresh();
      else timer = setTimeout(run, IDLE_MS).unref();
    },
    close() {
      clearTimeout(timer);
      checkpoint.finalize();
    },
  };
}
