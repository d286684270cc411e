import { Database } from "bun:sqlite";
import { AppError } from "../kernel/index.ts";

/** A lock held by this process until closed or until the process ends, however it ends. */
export interface FileLock {
  close(): void;
}

/**
 * Takes an exclusive lock named by a file, or gives `undefined` when another process holds it.
 *
 * The lock is SQLite's own on an otherwise empty database: the operating system drops it with the process, so there
 * is no stale lock after `kill -9` and no process id to compare. The file stays.
 */
export function tryLock(path: string): FileLock | undefined {
  const database = new Database(path, { create: true });
  try {
    database.run("PRAGMA busy_timeout=0");
    database.run("PRAGMA journal_mode=DELETE");
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw new AppError("store_unavailable", `the lock file ${path} cannot be used`, { cause: error });
  }
  return {
    close() {
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
