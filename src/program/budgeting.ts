import { boundPrices, boundRequest, type GatewayBudgets, type Tightener } from "../budgets/index.ts";
import type { Budgeting } from "../gateway/index.ts";
import type { Ceilings } from "../usage/index.ts";

export interface BudgetingOptions {
  readonly budgets: GatewayBudgets;
  readonly prices: Ceilings;
  readonly tightener: Tightener;
  readonly outputLimit: number;
}

/** The budgets room as the data plane asks it. */
export function createBudgeting({ budgets, prices, tightener, outputLimit }: BudgetingOptions): Budgeting {
  return {
    outputLimit,
    covering: (spender) => budgets.covering(spender),
    isSuspended: (connectionId, model) => budgets.isSuspended(connectionId, model),
    reserve: (wanted) => budgets.reserve(wanted),
    overrun: (overrun) => budgets.overrun(overrun),
    bound: boundRequest,
    tightened: (request, bounded) => tightener.tightened(request, bounded),
    prices: (bounded, model) => boundPrices(prices, bounded, model),
  };
}
