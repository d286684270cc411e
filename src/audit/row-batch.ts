import type { Tx, Value } from "../store/index.ts";

/** Few enough that rows times columns stays below every engine's limit of parameters (32,766 and more). */
const MAX_ROWS = 250;

/** Collects rows for one table and inserts them many at a time. */
export class RowBatch {
  readonly #tx: Tx;
  readonly #into: string;
  readonly #group: string;
  #values: Value[] = [];
  #rows = 0;

  constructor(tx: Tx, table: string, columns: readonly string[]) {
    this.#tx = tx;
    this.#into = `INSERT INTO ${table} (${columns.join(", ")}) VALUES `;
    this.#group = `(${columns.map(() => "?").join(", ")})`;
  }

  add(...values: readonly Value[]): void {
    this.#values.push(...values);
    this.#rows++;
  }

  get full(): boolean {
    return this.#rows >= MAX_ROWS;
  }

  async flush(): Promise<void> {
    if (this.#rows === 0) return;
    const groups = Array.from({ length: this.#rows }, () => this.#group).join(", ");
    const values = this.#values;
    this.#values = [];
    this.#rows = 0;
    await this.#tx.run(this.#into + groups, values);
  }
}
