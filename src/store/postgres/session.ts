import type { ReservedSQL, SQL } from "bun";
import type { Row, Value } from "../store.ts";
import type { Session } from "../transaction.ts";
import { fromColumns, toParameters } from "../values.ts";
import { isLostRace, isTransient, postgresError, unknownOutcome } from "./errors.ts";

export type Dialect = (sql: string) => string;

type DriverResult = readonly Readonly<Record<string, Value>>[] & { readonly affectedRows: number };

/** Runs one statement on a pool or on one of its connections. */
export async function query(
  connection: Pick<SQL, "unsafe">,
  sql: string,
  params: readonly Value[],
): Promise<{ rows: Row[]; changed: number }> {
  const result = await connection.unsafe<DriverResult>(sql, toParameters(params));
  return { rows: result.map(fromColumns), changed: result.affectedRows };
}

/** A transaction on a connection of its own, which goes back to the pool at its end. */
export class PostgresSession implements Session {
  readonly #connection: ReservedSQL;
  readonly #dialect: Dialect;
  /** True once something went wrong that a new start may mend. */
  transient = false;

  constructor(connection: ReservedSQL, dialect: Dialect) {
    this.#connection = connection;
    this.#dialect = dialect;
  }

  async begin(): Promise<void> {
    await this.#statement("BEGIN ISOLATION LEVEL READ COMMITTED");
  }

  async all(sql: string, params: readonly Value[]): Promise<Row[]> {
    return (await this.#statement(this.#dialect(sql), params)).rows;
  }

  async run(sql: string, params: readonly Value[]): Promise<number> {
    return (await this.#statement(this.#dialect(sql), params)).changed;
  }

  async commit(): Promise<void> {
    try {
      await query(this.#connection, "COMMIT", []);
    } catch (error) {
      this.transient = isLostRace(error);
      throw isTransient(error) && !this.transient ? unknownOutcome(error) : postgresError(error);
    }
    await this.#connection.release();
  }

  async rollback(): Promise<void> {
    // It fails only when the connection is lost, which rolls back too.
    await query(this.#connection, "ROLLBACK", []).catch(() => {});
    await this.#connection.release();
  }

  async #statement(sql: string, params: readonly Value[] = []): Promise<{ rows: Row[]; changed: number }> {
    try {
      return await query(this.#connection, sql, params);
    } catch (error) {
      this.transient ||= isTransient(error);
      throw postgresError(error);
    }
  }
}
