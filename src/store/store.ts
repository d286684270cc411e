/**
 * The control store: small, precious data (vault rows, connections, virtual keys, audit), on SQLite for one machine
 * or PostgreSQL for many, behind one async interface. The ledger is not here.
 *
 * SQL is written once for both engines, in their common part: `?` placeholders (never inside a literal), `TEXT`,
 * `BIGINT`, `BLOB` (the PostgreSQL engine reads it as `BYTEA`), `ON CONFLICT`, `RETURNING`; no dates, no booleans,
 * no JSON functions. Times are milliseconds since 1970 UTC. `SUM` is written `CAST(SUM(x) AS BIGINT)`: PostgreSQL
 * gives a wider type otherwise. Text holds no NUL character, numbers are integers.
 */
export type Value = string | number | bigint | Uint8Array | null;

/** A row by column name. Integers come as `number`, beyond 2⁵³ as `bigint`. */
export type Row = Readonly<Record<string, Value>>;

/**
 * Statements. Outside a transaction `all` and `get` only read, from what is committed; `run` is a transaction of its
 * own.
 * @throws AppError `conflict` when the change would break a rule of the schema (unique, foreign key), besides what
 *   {@link Store.tx} throws.
 */
export interface Queries {
  all(sql: string, params?: readonly Value[]): Promise<Row[]>;
  /** The first row, or `undefined`. */
  get(sql: string, params?: readonly Value[]): Promise<Row | undefined>;
  /** Runs a statement and gives the number of rows it changed. */
  run(sql: string, params?: readonly Value[]): Promise<number>;
}

/**
 * Inside a transaction only the transaction itself is awaited: no network, no timer, no other store call. A statement
 * that failed fails the whole transaction, even when its error is caught.
 */
export interface Tx extends Queries {
  /** To be put at the end of a `SELECT` whose rows must not change before the commit. Empty on SQLite, where a
   * transaction holds the only write lock from its start. */
  readonly forUpdate: "" | " FOR UPDATE";
}

export interface TxOptions {
  /**
   * Whether others may have to act on it, as they do unless told: then their {@link Store.changeMark} moves. False for
   * what is only ever reported, such as records that come every second; it may move the mark all the same.
   */
  readonly isNews?: boolean;
}

export interface Store extends Queries {
  readonly engine: "sqlite" | "postgres";

  /**
   * Runs `work` in one write transaction and commits when it resolves; rolls back when it rejects, with its error.
   * Starts anew, a bounded number of times, when the engine reports a busy writer, a deadlock or a serialisation
   * failure: `work` must have no effect but through `tx`.
   * @throws AppError `store_unavailable` (retryable) when the engine cannot be reached or stays busy,
   *   `storage_full` when the disk is.
   */
  tx<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>;

  /**
   * A number that differs from the last one whenever another connection may have committed since. On SQLite read
   * live (about 1 µs); on PostgreSQL the last notification or poll, with {@link Store.confirmedAtMs} saying how old.
   */
  changeMark(): number;

  /** Monotonic time of the last proof that `changeMark` is current; on SQLite always now. */
  confirmedAtMs(): number;

  close(): Promise<void>;
}
