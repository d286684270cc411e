/** Every value in the databases of tools; nothing beside them is changed. */
import type { Database } from "bun:sqlite";
import { utf8 } from "../kernel/index.ts";
import { openUnchanged } from "../tools/index.ts";

/** One value of a database. */
export interface DatabaseValue {
  /** Table and, where there is one, the row's key: `ItemTable cursorAuth/openAIKey`. */
  readonly place: string;
  /** What it is called: the row's key in tables of keys and values, else its column. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ReadingBounds {
  /** Of a longer value the beginning is given. */
  readonly longestValue: number;
  readonly mostBytes: number;
}

/** A conversation can have some megabytes, and a database of them some hundred. One value at a time is held. */
const BOUNDS: ReadingBounds = { longestValue: 32 * 1024 * 1024, mostBytes: 4 * 1024 ** 3 };

/** Logins to the tool's own account are never read out. */
const ACCOUNT = /^cursorAuth\/(?:accessToken|refreshToken|cachedEmail)$/;

/**
 * Every text in every table, one after the other, also while the tool has the database open. Returns whether all of it
 * was given.
 * @throws Error of SQLite when the file is no database, is damaged, or is locked.
 */
export function* databaseValues(path: string, bounds = BOUNDS): Generator<DatabaseValue, boolean> {
  const database = openUnchanged(path);
  let left = bounds.mostBytes;
  let isWhole = true;
  try {
    const write = writer(database, bounds);
    for (const { name: table } of database
      .query<{ name: string }, []>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'",
      )
      .all()) {
      const columns = database
        .query<{ name: string }, [string]>("SELECT name FROM pragma_table_info(?)")
        .all(table)
        .map(({ name }) => name);
      const rows = database.query<Row, []>(`SELECT ${columns.map(write).join(", ")} FROM ${quoted(table)}`);
      for (const row of rows.iterate()) {
        for (const value of valuesOf(table, columns, Object.values(row))) {
          left -= value.bytes.length;
          if (left < 0) return false;
          isWhole &&= value.bytes.length < bounds.longestValue;
          yield value;
        }
      }
    }
  } finally {
    database.close();
  }
  return isWhole;
}

type Row = Readonly<Record<string, Uint8Array | string | null>>;

/** A column as bytes: texts need not become strings first. In databases of UTF-16 they have to. */
function writer(
  database: Database,
  { longestValue }: ReadingBounds,
): (column: string, index: number) => string {
  const { encoding } = database.query<{ encoding: string }, []>("PRAGMA encoding").get() ?? { encoding: "" };
  return (column, index) => {
    const part = `substr(${quoted(column)}, 1, ${longestValue})`;
    const value = encoding === "UTF-8" ? `CAST(${part} AS BLOB)` : part;
    return `CASE WHEN typeof(${quoted(column)}) IN ('text', 'blob') THEN ${value} END AS c${index}`;
  };
}

/** In tables of keys and values both are one, so that the key tells what the value is. */
function valuesOf(
  table: string,
  columns: readonly string[],
  values: readonly Row[string][],
): DatabaseValue[] {
  const all = values.map((value) => (typeof value === "string" ? utf8(value) : (value ?? EMPTY)));
  const [key = EMPTY, value = EMPTY] = all;
  if (columns.length === 2 && columns[0] === "key") {
    const name = Buffer.from(key).toString("utf8");
    return ACCOUNT.test(name) ? [] : [{ place: `${table} ${name}`, name, bytes: value }];
  }
  return all.flatMap((bytes, index) => {
    const name = columns[index] ?? "";
    return bytes.length === 0 ? [] : [{ place: `${table}.${name}`, name, bytes }];
  });
}

const EMPTY = new Uint8Array(0);

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
