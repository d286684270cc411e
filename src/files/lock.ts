import { Database } from "bun:sqlite";
import { AppError } from "../kernel/index.ts";

/** A lock held by this process until closed or until the process ends, however it ends. */
export interface FileLock {
  /** Closing twice is harmless. */
  close(): void;
}

/**
 * Takes an exclusive lock named by a file, or gives `undefined` when somebody holds it: another process, or this one.
 *
 * The lock is SQLite's own on an otherwise empty database: the operating system drops it with the process, so there
 * is no stale lock after `kill -9` and no process id to compare. The file stays. It must be opened by nothing but
 * this function: POSIX drops a process's locks on a file with the first handle on it that the process closes.
 * @throws AppError `store_unavailable` when the file cannot be used for that.
 */
export function tryLock(path: string): FileLock | undefined {
  let database: Database | undefined;
  try {
    database = new Database(path, { create: true });
    database.run("PRAGMA busy_timeout=0");
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    throw new AppError("store_unavailable", `the lock file ${path} cannot be used`, {
      hint: "check that its folder is there, is yours, and is not full",
      cause: error,
    });
  }
  return database;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
