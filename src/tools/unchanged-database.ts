/**
 * Reads the SQLite databases of tools without changing anything beside them: SQLite itself would make `-wal` and `-shm`
 * files for a database in WAL mode even when it is opened for reading only.
 */
import { constants, Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * With a write-ahead log of a running program beside it the database is opened as one more reader; without one it is
 * opened as immutable, which makes no files.
 * @throws Error of SQLite when the file is no database.
 */
export function openUnchanged(path: string): Database {
  const inUse =
    existsSync(`${path}-shm`) && (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const address = `${pathToFileURL(path).href}?mode=ro${inUse ? "" : "&immutable=1"}`;
  return new Database(address, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
}
