/**
 * Changing single values in a SQLite database as one more format of files: the database is opened in memory from its
 * bytes, so that nothing is written but the whole new file, and free pages, in which an older value could be left, go.
 */
import { Database } from "bun:sqlite";
import { AppError } from "../../kernel/index.ts";

/** A value to be set in a row. Text stays text, and bytes stay bytes. */
export interface RowEdit {
  readonly table: string;
  readonly column: string;
  /** The row: a column that is unique, or `rowid`. */
  readonly key: { readonly column: string; readonly value: string | number };
  readonly value: string;
}

/** A value that was set, for undoing in a database that changed since. */
export interface DoneRow extends RowEdit {
  readonly was: string;
}

/** Bytes 18 and 19 of a database file: 2 for a write-ahead log, which a database in memory cannot have. */
export const FORMAT_VERSIONS = [18, 19] as const;
const WITHOUT_LOG = 1;

/** Opens bytes of a database in memory. @throws any error of SQLite when they are none. */
export function openBytes(bytes: Uint8Array): Database {
  const copy = Buffer.from(bytes);
  for (const at of FORMAT_VERSIONS) copy[at] = WITHOUT_LOG;
  return Database.deserialize(copy);
}

/** Sets values; a row that is not there is left out. @throws AppError `damaged_file`. */
export function editRows(
  bytes: Uint8Array,
  edits: readonly RowEdit[],
  path: string,
): { bytes: Uint8Array; done: DoneRow[] } {
  return changed(bytes, path, (database) =>
    edits.flatMap((edit) => {
      const was = valueOf(database, edit);
      if (was === undefined || was === edit.value) return [];
      setValue(database, edit, edit.value);
      return [{ ...edit, was }];
    }),
  );
}

/** Takes back what was set, where it still stands as it was set: what others wrote since is theirs. */
export function restoreRows(bytes: Uint8Array, rows: readonly DoneRow[], path: string): Uint8Array {
  return changed(bytes, path, (database) =>
    rows.toReversed().filter((row) => {
      if (valueOf(database, row) !== row.value) return false;
      setValue(database, row, row.was);
      return true;
    }),
  ).bytes;
}

/** The bytes as they are when nothing was done. */
function changed<Done>(
  bytes: Uint8Array,
  path: string,
  work: (database: Database) => Done[],
): { bytes: Uint8Array; done: Done[] } {
  let database: Database | undefined;
  try {
    database = openBytes(bytes);
    database.run("PRAGMA secure_delete=ON");
    const done = work(database);
    if (done.length === 0) return { bytes, done };
    database.run("VACUUM");
    const after = Buffer.from(database.serialize());
    for (const at of FORMAT_VERSIONS) after[at] = bytes[at] ?? WITHOUT_LOG;
    return { bytes: new Uint8Array(after), done };
  } catch (error) {
    throw unchangeable(path, error);
  } finally {
    database?.close();
  }
}

/** What SQLite could not do with a file. */
export function unchangeable(path: string, cause: unknown): AppError {
  return new AppError("damaged_file", `${path} is no database that can be changed`, {
    hint: "open the program that it belongs to, and see whether it is well",
    cause,
  });
}

/** `undefined` when there is no such row, or more than one, or no text in it. */
export function valueOf(database: Database, { table, column, key }: RowEdit): string | undefined {
  const sql = `SELECT ${named(column)} AS value FROM ${named(table)} WHERE ${named(key.column)} = ?`;
  const rows = database.query<{ value: unknown }, [string | number]>(sql).all(key.value);
  const [row] = rows;
  if (rows.length !== 1 || !row) return undefined;
  if (typeof row.value === "string") return row.value;
  return row.value instanceof Uint8Array ? Buffer.from(row.value).toString("utf8") : undefined;
}

export function setValue(database: Database, { table, column, key }: RowEdit, value: string): void {
  const set = `CASE typeof(${named(column)}) WHEN 'blob' THEN CAST(? AS BLOB) ELSE ? END`;
  database
    .query(`UPDATE ${named(table)} SET ${named(column)} = ${set} WHERE ${named(key.column)} = ?`)
    .run(value, value, key.value);
}

function named(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
