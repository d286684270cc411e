import { closeSync, constants, openSync } from "node:fs";
import { dirname } from "node:path";
import { Database } from "bun:sqlite";
import { assertPrivate, ensurePrivateDir, PRIVATE_FILE_MODE } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { LEDGER_MIGRATIONS, LEDGER_VERSION } from "./schema.ts";

/** What a commit survives: `normal` any death of the process, `full` also a power loss (slower). */
export type Durability = "normal" | "full";

/**
 * Opens a ledger's file for writing, makes it and its folder (owner only) where missing, and brings its schema up to
 * date.
 * @throws AppError `newer_format` for a file of a later Ownkey, `insecure_permissions`, `store_unavailable`.
 */
export function openForWriting(path: string, durability: Durability): Database {
  ensurePrivateDir(dirname(path));
  createPrivateFile(path);
  const database = open(path, { readwrite: true });
  try {
    database.run("PRAGMA busy_timeout=5000");
    database.run("PRAGMA journal_mode=WAL");
    database.run(`PRAGMA synchronous=${durability === "full" ? "FULL" : "NORMAL"}`);
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw asAppError(error, path);
  }
}

/** Opens a ledger beside its writer. Integers come as bigint. `undefined` while its schema is not there yet. */
export function openForReading(path: string): Database | undefined {
  const database = open(path, { readonly: true, safeIntegers: true });
  try {
    database.run("PRAGMA busy_timeout=5000");
    const version = versionOf(database);
    refuseNewer(version, path);
    if (version === LEDGER_VERSION) return database;
    database.close();
    return undefined;
  } catch (error) {
    database.close();
    throw asAppError(error, path);
  }
}

function open(path: string, options: ConstructorParameters<typeof Database>[1]): Database {
  try {
    return new Database(path, options);
  } catch (error) {
    throw asAppError(error, path);
  }
}

/** SQLite gives its `-wal` and `-shm` files the mode of the database: so the file is made before SQLite sees it. */
function createPrivateFile(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, PRIVATE_FILE_MODE));
  assertPrivate(path);
}

function migrate(database: Database, path: string): void {
  refuseNewer(versionOf(database), path);
  database
    .transaction(() => {
      const version = versionOf(database);
      for (const migration of LEDGER_MIGRATIONS) {
        if (migration.version <= version) continue;
        for (const statement of migration.statements) database.run(statement);
      }
      database.run(`PRAGMA user_version=${LEDGER_VERSION}`);
    })
    .immediate();
}

function versionOf(database: Database): number {
  const row = database.query<{ user_version: number | bigint }, []>("PRAGMA user_version").get();
  return Number(row?.user_version ?? 0);
}

function refuseNewer(version: number, path: string): void {
  if (version <= LEDGER_VERSION) return;
  throw new AppError(
    "newer_format",
    `${path} was written by a newer Ownkey (ledger format ${version}, this one knows ${LEDGER_VERSION})`,
    { hint: "install the newest Ownkey and start again" },
  );
}

/** True for failures that end by themselves or by the user's doing, without any change to what is written. */
export function isPassing(error: unknown): boolean {
  return isFull(error) || /^SQLITE_(?:BUSY|LOCKED|IOERR|READONLY|CANTOPEN)/.test(codeOf(error));
}

/** The error that callers of the ledger meet: a full disk has a code of its own. */
export function asAppError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  if (isFull(error)) {
    return new AppError("storage_full", `the ledger ${path} cannot grow: the disk is full`, {
      hint: "free some space; nothing is forwarded until requests can be recorded",
      retryable: true,
      cause: error,
    });
  }
  if (/^SQLITE_(?:NOTADB|CORRUPT)/.test(codeOf(error))) {
    return new AppError("corrupt", `${path} is not a readable ledger`, {
      hint: "move the file away, or restore a backup with: ownkey backup restore FILE",
      cause: error,
    });
  }
  return new AppError("store_unavailable", `the ledger ${path} cannot be used`, {
    hint: "run again with OWNKEY_LOG=debug and look at the log",
    retryable: true,
    cause: error,
  });
}

function isFull(error: unknown): boolean {
  return /^(?:SQLITE_FULL|ENOSPC|EDQUOT)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
