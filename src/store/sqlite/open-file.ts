import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { assertPrivate, assertPrivateIfPresent, PRIVATE_FILE_MODE } from "../../files/index.ts";
import { Connection } from "./connection.ts";
import { isBusy, sqliteError } from "./errors.ts";

/** How long SQLite itself waits, synchronously, for short locks (recovery, checkpoints). */
const SHORT_WAIT_MS = 20;
const FIRST_OPEN_MS = 10_000;

export interface Connections {
  /** The only connection that writes. */
  readonly writer: Connection;
  /** Sees what is committed, never the writer's open transaction. */
  readonly reader: Connection;
}

/**
 * Opens or creates the database file, private to its owner.
 * @throws AppError `insecure_permissions`, `corrupt`, `store_unavailable`, `storage_full`.
 */
export async function openConnections(path: string): Promise<Connections> {
  createPrivate(path);
  const writer = await retried(path, () => openWriter(path));
  try {
    return { writer, reader: await openReader(path) };
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** A connection to an existing database that only reads. */
export function openReader(path: string): Promise<Connection> {
  return retried(path, () => configured(path, ["PRAGMA query_only=ON"]));
}

/** SQLite's name for a database that is in no file. */
export const MEMORY = ":memory:";

/** A database that ends with its only connection. */
export function openMemory(): Connection {
  return configured(MEMORY, ["PRAGMA foreign_keys=ON"]);
}

function openWriter(path: string): Connection {
  return configured(path, [
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
  ]);
}

/** Sets every property that matters, whatever the defaults of the library are. */
function configured(path: string, pragmas: readonly string[]): Connection {
  const database = new Database(path, { readwrite: true, create: false, safeIntegers: true, strict: true });
  try {
    for (const pragma of [
      `PRAGMA busy_timeout=${SHORT_WAIT_MS}`,
      "PRAGMA trusted_schema=OFF",
      "PRAGMA cell_size_check=ON",
      ...pragmas,
    ]) {
      database.run(pragma);
    }
    return new Connection(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The file exists with its mode before SQLite sees it: `-wal` and `-shm` take theirs from it. */
function createPrivate(path: string): void {
  try {
    assertPrivate(dirname(path));
    if (!existsSync(path)) closeSync(openSync(path, "a", PRIVATE_FILE_MODE));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assertPrivateIfPresent(file);
  } catch (error) {
    throw sqliteError(error, path);
  }
}

/** Several processes at their first open get BUSY at `journal_mode=WAL` whatever the busy timeout is. */
async function retried<T>(path: string, open: () => T): Promise<T> {
  for (let waitMs = 1, waitedMs = 0; ; waitMs = Math.min(waitMs * 2, 100)) {
    try {
      return open();
    } catch (error) {
      if (!isBusy(error) || waitedMs > FIRST_OPEN_MS) throw sqliteError(error, path);
      waitedMs += waitMs;
      await Bun.sleep(waitMs);
    }
  }
}
