/**
 * Reads the SQLite databases of tools without changing anything beside them: SQLite itself would make `-wal` and `-shm`
 * files for a database in WAL mode even when it is opened for reading only.
 */
import { constants, Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** A writer is waited for so long. */
const BUSY_MS = 500;

/**
 * While a program writes it, the database is opened as one more reader; else as immutable, which makes no files and takes
 * no locks.
 * @throws Error of SQLite when the file is no database.
 */
export function openUnchanged(path: string): Database {
  if (hasLog(path) && existsSync(`${path}-shm`)) return open(path, "");
  return (sizeOf(`${path}-journal`) > 0 ? asReader(path) : undefined) ?? open(path, "&immutable=1");
}

/**
 * What a program has written and not yet moved into the database, where SQLite cannot read it without making a file: the
 * log is then to be looked through as it is.
 */
export function unreadLog(path: string): string | undefined {
  return hasLog(path) && !existsSync(`${path}-shm`) ? `${path}-wal` : undefined;
}

/** `undefined` when a program that was killed has left it in the middle of a change, which only a writer can take back. */
function asReader(path: string): Database | undefined {
  const database = open(path, "");
  try {
    database.query("SELECT count(*) FROM sqlite_master").get();
    return database;
  } catch {
    database.close();
    return undefined;
  }
}

function open(path: string, options: string): Database {
  const address = `${pathToFileURL(path).href}?mode=ro${options}`;
  const database = new Database(address, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  database.run(`PRAGMA busy_timeout=${BUSY_MS}`);
  return database;
}

function hasLog(path: string): boolean {
  return sizeOf(`${path}-wal`) > 0;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
