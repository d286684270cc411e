import type { Database } from "bun:sqlite";
import type { ColumnValue } from "./columns.ts";

/** What rows refer to instead of repeating it. */
export interface Dictionary {
  /** The id of the entry with these values, made when it is new; only inside a transaction. */
  idOf(values: ColumnValue[]): number;
  /** To be called when a transaction has failed: what it wrote is not there. */
  forget(): void;
  close(): void;
}

/** Entries remembered. Names come from callers: memory stays bounded, and an entry written twice does no harm. */
const MOST_REMEMBERED = 10_000;

export function createDictionary(database: Database, table: string, columns: readonly string[]): Dictionary {
  const marks = columns.map(() => "?").join(", ");
  const insert = database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`);
  const ids = new Map<string, number>();
  return {
    idOf(values) {
      const key = JSON.stringify(values);
      const known = ids.get(key);
      if (known !== undefined) return known;
      const id = Number(insert.run(...values).lastInsertRowid);
      if (ids.size >= MOST_REMEMBERED) ids.clear();
      ids.set(key, id);
      return id;
    },
    forget: () => ids.clear(),
    close: () => insert.finalize(),
  };
}
