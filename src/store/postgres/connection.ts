import type { ReservedSQL, SQL } from "bun";
import type { Row, Value } from "../store.ts";
import { fromColumns, toParameters } from "../values.ts";

/** How long to wait for a free connection. */
const RESERVE_TIMEOUT_MS = 10_000;
/** The server ends statements at {@link STATEMENT_TIMEOUT_MS} itself; one that is silent for longer is not there. */
const SILENCE_LIMIT_MS = 15_000;
export const STATEMENT_TIMEOUT_MS = 10_000;

export interface QueryResult {
  readonly rows: Row[];
  readonly changed: number;
}

type DriverResult = readonly Readonly<Record<string, Value>>[] & { readonly affectedRows: number };

/** A connection of the pool, held by one user at a time. Throws the driver's own errors. */
export class PostgresConnection {
  readonly #reserved: ReservedSQL;

  static async reserve(pool: SQL): Promise<PostgresConnection> {
    return new PostgresConnection(await pool.reserve({ signal: AbortSignal.timeout(RESERVE_TIMEOUT_MS) }));
  }

  constructor(reserved: ReservedSQL) {
    this.#reserved = reserved;
  }

  /** A server that stays silent loses the connection, and with it the open transaction. */
  async query(sql: string, params: readonly Value[] = []): Promise<QueryResult> {
    const parameters = toParameters(params);
    const hangUp = () => void this.#reserved.close({ timeout: 0 }).catch(() => {});
    const timer = setTimeout(hangUp, SILENCE_LIMIT_MS);
    try {
      const result = await this.#reserved.unsafe<DriverResult>(sql, parameters);
      return { rows: result.map(fromColumns), changed: result.affectedRows };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the connection back to the pool; never rejects. */
  async release(): Promise<void> {
    await this.#reserved.release().catch(() => {});
  }
}

/** One statement outside any transaction. */
export async function queryOnce(pool: SQL, sql: string, params: readonly Value[] = []): Promise<QueryResult> {
  const connection = await PostgresConnection.reserve(pool);
  try {
    return await connection.query(sql, params);
  } finally {
    await connection.release();
  }
}
