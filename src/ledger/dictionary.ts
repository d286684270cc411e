import type { Database } from "bun:sqlite";
import { remember } from "../kernel/index.ts";
import type { ColumnValue } from "./columns.ts";

/** What rows refer to instead of repeating it. */
export interface Dictionary<T> {
  /** The id of the entry with these values, made when it is new; only inside a transaction. */
  idOf(values: T): number;
  /** To be called when a transaction has failed: what it wrote is not there. */
  forget(): void;
  close(): void;
}

export interface DictionaryOptions<T> {
  readonly table: string;
  readonly columns: readonly string[];
  /** In the order of the columns. */
  readonly valuesOf: (values: T) => ColumnValue[];
  /** Only for what would have the same values. */
  readonly isSame: (one: T, other: T) => boolean;
}

interface Entry<T> {
  readonly values: T;
  readonly id: number;
}

/** Entries remembered. Names come from callers: memory stays bounded, and an entry written twice does no harm. */
const MOST_REMEMBERED = 10_000;
/** Of those, the latest are compared one by one, which is quicker than making a name of all values to look for. */
const MOST_LATEST = 4;

export function createDictionary<T>(
  database: Database,
  { table, columns, valuesOf, isSame }: DictionaryOptions<T>,
): Dictionary<T> {
  const marks = columns.map(() => "?").join(", ");
  const insert = database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`);
  const ids = new Map<string, number>();
  const latest: Entry<T>[] = [];

  const lookUp = (values: T): number => {
    const row = valuesOf(values);
    const key = JSON.stringify(row);
    return ids.get(key) ?? remember(ids, MOST_REMEMBERED, key, Number(insert.run(...row).lastInsertRowid));
  };

  return {
    idOf(values) {
      for (const entry of latest) if (isSame(entry.values, values)) return entry.id;
      const id = lookUp(values);
      if (latest.length >= MOST_LATEST) latest.shift();
      latest.push({ values, id });
      return id;
    },
    forget() {
      ids.clear();
      latest.length = 0;
    },
    close: () => insert.finalize(),
  };
}
