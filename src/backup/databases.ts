import { Database } from "bun:sqlite";
import { chmodSync } from "node:fs";
import { PRIVATE_FILE_MODE } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { systemCode } from "./failures.ts";

const BUSY_TIMEOUT_MS = 10_000;

/**
 * Copies a live database into a new file: one moment's state, whole, while other processes go on writing. Waits for
 * nobody but a recovery after a crash. Blocks this thread for about a second per 200 MB.
 */
export function snapshotDatabase(from: string, to: string): void {
  const database = new Database(from, { readwrite: true, create: false });
  try {
    database.run(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
    database.query("VACUUM INTO ?").run(to);
  } finally {
    database.close();
  }
  chmodSync(to, PRIVATE_FILE_MODE);
}

/** @throws AppError `corrupt`, naming the database, unless SQLite's own full check finds nothing. */
export function checkDatabase(path: string, name: string): void {
  const problem = integrityProblem(path);
  if (problem === undefined) return;
  throw new AppError("corrupt", `the database ${name} is damaged`, {
    hint: "restore an older backup, which may be whole: ownkey backup restore FILE",
    cause: problem,
  });
}

function integrityProblem(path: string): unknown {
  try {
    const database = new Database(path, { readonly: true });
    try {
      const row: unknown = database.query("PRAGMA integrity_check(1)").get();
      return JSON.stringify(row) === '{"integrity_check":"ok"}' ? undefined : row;
    } finally {
      database.close();
    }
  } catch (error) {
    return error;
  }
}

/** True when another process has the database open, reading or writing; false when it is damaged or missing. */
export function isInUse(path: string): boolean {
  try {
    const database = new Database(path, { readwrite: true, create: false });
    try {
      database.run("PRAGMA busy_timeout=0");
      // In WAL mode every connection holds a shared lock as long as it lives; this mode asks for the exclusive one.
      database.run("PRAGMA locking_mode=EXCLUSIVE");
      database.run("BEGIN IMMEDIATE");
      database.run("ROLLBACK");
      return false;
    } finally {
      database.close();
    }
  } catch (error) {
    return systemCode(error)?.startsWith("SQLITE_BUSY") ?? false;
  }
}
