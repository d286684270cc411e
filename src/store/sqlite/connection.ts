import type { Database as SqliteDatabase, Statement } from "bun:sqlite";
import { AppError } from "../../kernel/index.ts";
import type { Row, Value } from "../store.ts";
import { sqliteError } from "./errors.ts";
import { fromColumns, toParameters } from "../values.ts";

const CACHED_STATEMENTS = 200;

/** One connection with its prepared statements. Synchronous; every error is an `AppError` as store.ts promises. */
export class Connection {
  readonly #database: SqliteDatabase;
  readonly #path: string;
  #isOpen = true;
  readonly #statements = new Map<string, Statement<Record<string, Value>, Value[]>>();

  constructor(database: SqliteDatabase, path: string) {
    this.#database = database;
    this.#path = path;
  }

  all(sql: string, params: readonly Value[] = []): Row[] {
    return this.#mapped(() =>
      this.#prepared(sql)
        .all(...toParameters(params))
        .map(fromColumns),
    );
  }

  run(sql: string, params: readonly Value[] = []): number {
    return this.#mapped(() => this.#prepared(sql).run(...toParameters(params)).changes);
  }

  /** Runs a statement that takes or gives back locks; SQLite's own error comes through, for `isBusy`. */
  control(sql: string): void {
    this.#prepared(sql).run();
  }

  /** False also when SQLite itself rolled back, as it does on a full disk. */
  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** Closing twice is harmless. */
  close(): void {
    this.#isOpen = false;
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): Statement<Record<string, Value>, Value[]> {
    if (!this.#isOpen) throw new AppError("store_unavailable", "the store is closed");
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare<Record<string, Value>, Value[]>(sql);
    this.#forgetOldest();
    this.#statements.set(sql, statement);
    return statement;
  }

  #forgetOldest(): void {
    if (this.#statements.size < CACHED_STATEMENTS) return;
    for (const [sql, statement] of this.#statements) {
      statement.finalize();
      this.#statements.delete(sql);
      return;
    }
  }

  #mapped<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw sqliteError(error, this.#path);
    }
  }
}
