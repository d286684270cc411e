import { AppError } from "../kernel/index.ts";
import { intOf, type Queries, type Row, textOf, type Tx } from "../store/index.ts";
import type { PriceOverride } from "./overrides.ts";

/** The user's own prices in the control store. Changes take the transaction of the act that records them. */
export class PriceOverrides {
  readonly #store: Queries;

  constructor(store: Queries) {
    this.#store = store;
  }

  /** By scope and model. Pass `tx` to see what that transaction has changed. */
  async list(queries: Queries = this.#store): Promise<PriceOverride[]> {
    return (await queries.all("SELECT * FROM price_overrides ORDER BY scope, model")).map(overrideOf);
  }

  /** Sets or replaces the price of a model in its scope. */
  async set(tx: Tx, price: PriceOverride): Promise<void> {
    await tx.run(
      `INSERT INTO price_overrides (scope, model, input_nanos, output_nanos, cache_read_nanos,
                                    cache_write_5m_nanos, cache_write_1h_nanos, set_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (scope, model) DO UPDATE SET
         input_nanos = excluded.input_nanos,
         output_nanos = excluded.output_nanos,
         cache_read_nanos = excluded.cache_read_nanos,
         cache_write_5m_nanos = excluded.cache_write_5m_nanos,
         cache_write_1h_nanos = excluded.cache_write_1h_nanos,
         set_at_ms = excluded.set_at_ms`,
      [
        price.scope,
        price.model,
        price.inputNanos,
        price.outputNanos,
        price.cacheReadNanos,
        price.cacheWrite5mNanos,
        price.cacheWrite1hNanos,
        price.setAtMs,
      ],
    );
  }

  /** @throws AppError `not_found` when there is no such price. */
  async remove(tx: Tx, { scope, model }: Pick<PriceOverride, "scope" | "model">): Promise<void> {
    const name = model.trim().toLowerCase();
    const removed = await tx.run("DELETE FROM price_overrides WHERE scope = ? AND model = ?", [scope, name]);
    if (removed > 0) return;
    throw new AppError("not_found", `there is no price of your own for "${name}" in "${scope}"`, {
      hint: "see them with: ownkey prices list",
    });
  }
}

function overrideOf(row: Row): PriceOverride {
  return {
    scope: textOf(row, "scope"),
    model: textOf(row, "model"),
    inputNanos: nanosOf(row, "input_nanos") ?? 0n,
    outputNanos: nanosOf(row, "output_nanos") ?? 0n,
    cacheReadNanos: nanosOf(row, "cache_read_nanos"),
    cacheWrite5mNanos: nanosOf(row, "cache_write_5m_nanos"),
    cacheWrite1hNanos: nanosOf(row, "cache_write_1h_nanos"),
    setAtMs: intOf(row, "set_at_ms"),
  };
}

/** Amounts may exceed what a number holds. */
function nanosOf(row: Row, column: string): bigint | null {
  const value = row[column];
  if (value === null) return null;
  if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value)))
    return BigInt(value);
  throw new AppError("corrupt", `the column "${column}" of the database holds something unexpected`);
}
