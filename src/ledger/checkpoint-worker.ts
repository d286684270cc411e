/**
 * Folds a ledger's write-ahead log into its database, in a thread of its own: one checkpoint for each message it gets,
 * one {@link CheckpointAnswer} back. It only ever reads the log and writes the database file, as SQLite's checkpoints
 * do: being ended at any moment costs nothing but the work.
 */
import { Database } from "bun:sqlite";

export interface CheckpointCall {
  readonly path: string;
}

/** The failure, as text, if there was one. */
export interface CheckpointAnswer {
  readonly error: string | undefined;
}

declare const self: {
  onmessage: (event: MessageEvent<CheckpointCall>) => void;
  postMessage(answer: CheckpointAnswer, transfer: readonly never[]): void;
};

self.onmessage = ({ data: { path } }) => self.postMessage({ error: checkpoint(path) }, []);

/** The second pass takes what was written during the first, so that little is left for the writer's own. */
function checkpoint(path: string): string | undefined {
  try {
    using database = new Database(path, { readwrite: true });
    database.run("PRAGMA synchronous=NORMAL");
    for (let pass = 1; pass <= 2; pass++) database.query("PRAGMA wal_checkpoint(PASSIVE)").all();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "unknown";
  }
}
