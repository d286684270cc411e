import { AppError } from "../kernel/index.ts";
import type { Row, Tx, Value } from "../store/index.ts";
import type { AuditedTx } from "./entry.ts";
import { digestValue } from "./protected-sum.ts";

/**
 * The only implementation of {@link AuditedTx}. Closing hands the bare transaction to the log for the last
 * statements; from then on nobody else can use it.
 */
export class AuditedTransaction implements AuditedTx {
  readonly #tx: Tx;
  #open = true;
  #protectedChange = 0n;

  constructor(tx: Tx) {
    this.#tx = tx;
  }

  readonly protectedRows = {
    add: (digest: Uint8Array): void => this.#protect(digestValue(digest)),
    remove: (digest: Uint8Array): void => this.#protect(-digestValue(digest)),
  };

  get forUpdate(): Tx["forUpdate"] {
    return this.#tx.forUpdate;
  }

  async all(sql: string, params?: readonly Value[]): Promise<Row[]> {
    return await this.#usable().all(sql, params);
  }

  async get(sql: string, params?: readonly Value[]): Promise<Row | undefined> {
    return await this.#usable().get(sql, params);
  }

  async run(sql: string, params?: readonly Value[]): Promise<number> {
    return await this.#usable().run(sql, params);
  }

  /** Ends it for everybody but the log. @throws AppError `internal` the second time. */
  close(): { tx: Tx; protectedChange: bigint } {
    const tx = this.#usable();
    this.#open = false;
    return { tx, protectedChange: this.#protectedChange };
  }

  #protect(change: bigint): void {
    this.#usable();
    this.#protectedChange += change;
  }

  #usable(): Tx {
    if (this.#open) return this.#tx;
    throw new AppError("internal", "the audit entry is already written: this transaction is over");
  }
}
