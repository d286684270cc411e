import { AppError } from "../kernel/index.ts";
import type { Row, Tx, Value } from "./store.ts";

/** An open transaction of an engine. */
export interface Session {
  all(sql: string, params: readonly Value[]): Promise<Row[]>;
  run(sql: string, params: readonly Value[]): Promise<number>;
  commit(): Promise<void>;
  /** Gives the connection back in any case; never rejects. */
  rollback(): Promise<void>;
}

/**
 * Runs `work` in the session and ends the session: commit when it resolves, rollback when it rejects. A statement
 * that failed fails the transaction even if `work` goes on: PostgreSQL would otherwise turn the commit into a
 * silent rollback, and SQLite would commit the rest.
 */
export async function runInSession<T>(
  session: Session,
  forUpdate: Tx["forUpdate"],
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const tx = new SessionTx(session, forUpdate);
  try {
    const result = await work(tx);
    tx.finish();
    await session.commit();
    return result;
  } catch (error) {
    tx.abandon();
    await session.rollback();
    throw error;
  }
}

class SessionTx implements Tx {
  readonly forUpdate: Tx["forUpdate"];
  readonly #session: Session;
  #failure: { error: unknown } | undefined;
  #over = false;

  constructor(session: Session, forUpdate: Tx["forUpdate"]) {
    this.#session = session;
    this.forUpdate = forUpdate;
  }

  all(sql: string, params: readonly Value[] = []): Promise<Row[]> {
    return this.#guarded(() => this.#session.all(sql, params));
  }

  async get(sql: string, params: readonly Value[] = []): Promise<Row | undefined> {
    return (await this.all(sql, params))[0];
  }

  run(sql: string, params: readonly Value[] = []): Promise<number> {
    return this.#guarded(() => this.#session.run(sql, params));
  }

  /** @throws the error of the first statement that failed. */
  finish(): void {
    this.#over = true;
    if (this.#failure) throw this.#failure.error;
  }

  abandon(): void {
    this.#over = true;
  }

  async #guarded<R>(statement: () => Promise<R>): Promise<R> {
    if (this.#over) throw new AppError("internal", "a transaction was used after its end");
    if (this.#failure) throw this.#failure.error;
    try {
      return await statement();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }
}
