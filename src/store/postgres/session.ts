import type { Row, Value } from "../store.ts";
import type { Session } from "../transaction.ts";
import type { PostgresConnection, QueryResult } from "./connection.ts";
import { isLostRace, isTransient, postgresError, unknownOutcome } from "./errors.ts";

export type Dialect = (sql: string) => string;

/** A transaction on a connection of its own, which goes back to the pool at its end. */
export class PostgresSession implements Session {
  readonly #connection: PostgresConnection;
  readonly #dialect: Dialect;
  #transient = false;

  constructor(connection: PostgresConnection, dialect: Dialect) {
    this.#connection = connection;
    this.#dialect = dialect;
  }

  /** True once something went wrong that a new start may mend. */
  get transient(): boolean {
    return this.#transient;
  }

  /** The notification goes out with the commit; sent first, so that no lock is held for its sake. */
  async begin(notice: { readonly channel: string; readonly sender: string } | undefined): Promise<void> {
    const notify = notice ? `; NOTIFY ${notice.channel}, '${notice.sender}'` : "";
    await this.#statement(`BEGIN ISOLATION LEVEL READ COMMITTED${notify}`);
  }

  async all(sql: string, params: readonly Value[]): Promise<Row[]> {
    return (await this.#statement(this.#dialect(sql), params)).rows;
  }

  async run(sql: string, params: readonly Value[]): Promise<number> {
    return (await this.#statement(this.#dialect(sql), params)).changed;
  }

  async commit(): Promise<void> {
    try {
      await this.#connection.query("COMMIT");
    } catch (error) {
      this.#transient = isLostRace(error);
      throw isTransient(error) && !this.#transient ? unknownOutcome(error) : postgresError(error);
    }
    await this.#connection.release();
  }

  async rollback(): Promise<void> {
    // It fails only when the connection is lost, which rolls back too.
    await this.#connection.query("ROLLBACK").catch(() => {});
    await this.#connection.release();
  }

  async #statement(sql: string, params: readonly Value[] = []): Promise<QueryResult> {
    try {
      return await this.#connection.query(sql, params);
    } catch (error) {
      this.#transient ||= isTransient(error);
      throw postgresError(error);
    }
  }
}
