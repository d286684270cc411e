import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { Log } from "../kernel/index.ts";
import { createCheckpointThread } from "./checkpoint-thread.ts";

/** Quiet time after which the write-ahead log is folded into the database. */
const IDLE_MS = 50;
/** Rows that make a checkpoint worth its two fsyncs, and a look at the log's size its system call. */
const WORTHWHILE_ROWS = 200;
/** A larger write-ahead log is folded in by a thread; a smaller one takes a few milliseconds. */
const SMALL_WAL_BYTES = 4 * 1024 * 1024;
/** Where the thread does not keep up, or cannot be had, a commit does it. */
const LARGEST_WAL_BYTES = 32 * 1024 * 1024;

export interface Checkpointer {
  /** To be called after each commit. */
  written(rows: number): void;
  /** Waits for the thread, if it is at work. */
  close(): Promise<void>;
}

/**
 * Keeps checkpoints out of the way of requests. Without a quiet moment the log grows; then a thread folds it in while
 * requests go on, and when it is done the writer folds in the rest, which is little: only a checkpoint that has caught
 * up with the writer lets the log begin anew. PASSIVE never waits for a reader; one that stays makes the log grow for
 * as long.
 */
export function createCheckpointer(database: Database, path: string, log: Log): Checkpointer {
  database.run("PRAGMA wal_autocheckpoint=0");
  // A log that begins anew is cut to this size, so that the file's size tells what is in it.
  database.run(`PRAGMA journal_size_limit=${SMALL_WAL_BYTES / 4}`);
  const checkpoint = database.query<{ log: number; checkpointed: number }, []>(
    "PRAGMA wal_checkpoint(PASSIVE)",
  );
  let rowsSince = 0;
  let rowsUnseen = 0;
  /** Above these sizes the thread, and the writer itself, begin. */
  let threadFromBytes = SMALL_WAL_BYTES;
  let writerFromBytes = LARGEST_WAL_BYTES;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const fold = () => {
    clearTimeout(timer);
    timer = undefined;
    try {
      const [result] = checkpoint.all();
      rowsSince = 0;
      // Held up by a reader: not again before the log has grown as much once more.
      const isWhole = result === undefined || result.log === result.checkpointed;
      const behindBytes = isWhole ? 0 : walBytes(path);
      threadFromBytes = behindBytes + SMALL_WAL_BYTES;
      writerFromBytes = behindBytes + LARGEST_WAL_BYTES;
    } catch (error) {
      log.warn("ledger.checkpoint_failed", { error });
    }
  };
  const thread = createCheckpointThread({ path, log, done: fold });

  const onQuiet = () => {
    if (walBytes(path) < threadFromBytes) fold();
    else thread.run();
  };

  return {
    written(rows) {
      rowsSince += rows;
      rowsUnseen += rows;
      if (rowsSince < WORTHWHILE_ROWS) return;
      if (timer) timer.refresh();
      else timer = setTimeout(onQuiet, IDLE_MS).unref();
      if (rowsUnseen < WORTHWHILE_ROWS) return;
      rowsUnseen = 0;
      const sizeBytes = walBytes(path);
      if (sizeBytes >= writerFromBytes) fold();
      else if (sizeBytes >= threadFromBytes) thread.run();
    },
    async close() {
      clearTimeout(timer);
      await thread.close();
      clearTimeout(timer);
      checkpoint.finalize();
    },
  };
}

function walBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
