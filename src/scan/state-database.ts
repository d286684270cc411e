/** Every text in the databases of tools; nothing beside them is changed. */
import { openUnchanged } from "../tools/index.ts";

/** One value of a database as text. */
export interface DatabaseText {
  /** Table and, where there is one, the row's key: `ItemTable cursorAuth/openAIKey`. */
  readonly place: string;
  readonly text: string;
}

/** Longer values are conversations and caches, of which the beginning is looked at. */
const LONGEST_VALUE = 1024 * 1024;
/** A database of chats can have gigabytes. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Logins to the tool's own account are never read out. */
const ACCOUNT = /^cursorAuth\/(?:accessToken|refreshToken|cachedEmail)$/;

/**
 * Every text in every table, one after the other, up to a bound.
 * @throws Error of SQLite when the file is no database, is damaged, or is locked.
 */
export function* databaseTexts(path: string): Generator<DatabaseText> {
  const database = openUnchanged(path);
  let left = MOST_BYTES;
  try {
    for (const { name } of database
      .query<{ name: string }, []>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'",
      )
      .all()) {
      const columns = database
        .query<{ name: string }, []>(`SELECT name FROM pragma_table_info(${quotedText(name)})`)
        .all();
      const parts = columns.map((column) => `substr(${quotedName(column.name)}, 1, ${LONGEST_VALUE})`);
      for (const row of database.query(`SELECT ${parts.join(", ")} FROM ${quotedName(name)}`).iterate()) {
        for (const found of textsOf(
          name,
          Object.values(row as object),
          columns.map((column) => column.name),
        )) {
          left -= found.text.length;
          if (left < 0) return;
          yield found;
        }
      }
    }
  } finally {
    database.close();
  }
}

/** In tables of keys and values both are one text, so that the key tells what the value is. */
function textsOf(table: string, values: readonly unknown[], columns: readonly string[]): DatabaseText[] {
  const texts = values.map(asText);
  const [key = "", value = ""] = texts;
  if (columns.length === 2 && columns[0] === "key") {
    if (ACCOUNT.test(key)) return [];
    return [{ place: `${table} ${key}`, text: `${key} = ${value}` }];
  }
  return texts.flatMap((text, index) =>
    text === ""
      ? []
      : [{ place: `${table}.${columns[index] ?? ""}`, text: `${columns[index] ?? ""} = ${text}` }],
  );
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8")
    : "";
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
