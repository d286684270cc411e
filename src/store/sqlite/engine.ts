import type { Clock } from "../../kernel/index.ts";
import type { Row, Value } from "../store.ts";
import type { Session } from "../transaction.ts";
import type { Connection } from "./connection.ts";
import { busyError, isBusy, sqliteError } from "./errors.ts";
import { type Connections, openConnections } from "./open-file.ts";

export interface SqliteEngineOptions {
  path: string;
  clock: Clock;
  /** How long to wait for another process's transaction. */
  busyTimeoutMs: number;
}

/** What a store needs of SQLite, here or in another thread. One transaction at a time: the caller queues. */
export interface SqliteBackend {
  all(sql: string, params: readonly Value[]): Promise<Row[]>;
  /** @throws AppError `store_unavailable` when another process does not give the write lock free in time. */
  begin(): Promise<Session>;
  close(): Promise<void>;
}

/** SQLite on the thread it is created on. */
export class SqliteEngine implements SqliteBackend {
  readonly #options: SqliteEngineOptions;
  readonly #connections: Connections;

  static async open(options: SqliteEngineOptions): Promise<SqliteEngine> {
    return new SqliteEngine(options, await openConnections(options.path));
  }

  constructor(options: SqliteEngineOptions, connections: Connections) {
    this.#options = options;
    this.#connections = connections;
  }

  async all(sql: string, params: readonly Value[]): Promise<Row[]> {
    return this.#connections.reader.all(sql, params);
  }

  async begin(): Promise<Session> {
    await this.#takeWriteLock();
    return new SqliteSession(this.#connections.writer, this.#options.path);
  }

  async close(): Promise<void> {
    this.#connections.reader.close();
    // Last: the last connection to close moves the log into the database and removes it.
    this.#connections.writer.close();
  }

  /**
   * Asks again and again instead of letting SQLite wait, which would block the thread: reads go on meanwhile.
   */
  async #takeWriteLock(): Promise<void> {
    const { path, clock, busyTimeoutMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + busyTimeoutMs;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 25)) {
      try {
        // IMMEDIATE: with the write lock from the start no later statement can meet a busy database.
        this.#connections.writer.control("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (!isBusy(error)) throw sqliteError(error, path);
        if (clock.monotonicMs() >= deadlineMs) throw busyError(path, error);
        await Bun.sleep(waitMs);
      }
    }
  }
}

class SqliteSession implements Session {
  readonly #writer: Connection;
  readonly #path: string;

  constructor(writer: Connection, path: string) {
    this.#writer = writer;
    this.#path = path;
  }

  async all(sql: string, params: readonly Value[]): Promise<Row[]> {
    return this.#writer.all(sql, params);
  }

  async run(sql: string, params: readonly Value[]): Promise<number> {
    return this.#writer.run(sql, params);
  }

  async commit(): Promise<void> {
    try {
      this.#writer.control("COMMIT");
    } catch (error) {
      throw sqliteError(error, this.#path);
    }
  }

  async rollback(): Promise<void> {
    try {
      // A full disk makes SQLite roll back by itself.
      if (this.#writer.inTransaction) this.#writer.control("ROLLBACK");
    } catch {
      // The error that led here says more; what is left in the log is never read as committed.
    }
  }
}
