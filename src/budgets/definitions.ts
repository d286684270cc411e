import type { RowSealer } from "../access/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import type { Budget } from "./budget.ts";
import { checkBudget } from "./budget-record.ts";
import { allRecords } from "./budget-table.ts";
import { readState } from "./store-state.ts";
import { type Suspension, suspensions } from "./suspensions.ts";

/** All budgets as they were at one moment, checked. */
export interface Definitions {
  /** Which moment: the store's count of changes. */
  readonly version: number;
  /** Ordered by id. */
  readonly budgets: readonly Budget[];
  /** Budgets whose rows were changed, put back or taken away outside Ownkey: nobody knows what they bound. */
  readonly damaged: readonly string[];
  readonly suspended: readonly Suspension[];
}

/** @throws AppError `vault_locked`. */
export async function loadDefinitions(store: Store, sealer: RowSealer): Promise<Definitions> {
  // The count first: a change in between is then loaded once more, never missed.
  const version = (await readState(store))?.definitions ?? 0;
  const records = await allRecords(store);
  const suspended = await suspensions(store);
  const budgets: Budget[] = [];
  const damaged: string[] = [];
  for (const record of records) {
    try {
      budgets.push(checkBudget(sealer, record));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "corrupt") throw error;
      damaged.push(record.budget.id);
    }
  }
  return { version, budgets, damaged, suspended };
}
