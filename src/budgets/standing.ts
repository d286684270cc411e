import { type Queries, type Row, textOf } from "../store/index.ts";
import type { Budget } from "./budget.ts";
import { nanosOf } from "./budget-record.ts";
import { type Period, periodAt, type PeriodRule } from "./calendar/period.ts";
import type { BudgetState } from "./store-state.ts";

/** Where a budget stands in the period that is running, as far as the store has been told. */
export interface BudgetStanding {
  readonly budget: Budget;
  readonly period: Period;
  /** Settled, and spent by gateways from what they hold: they tell when it is asked for, and every few seconds. */
  readonly spentNanos: bigint;
  /** In the hands of gateways and not spent: reserved by requests under way, or ready for the next ones. */
  readonly heldNanos: bigint;
  /** Not spent; below zero after an overrun or when the amount was lowered. */
  readonly leftNanos: bigint;
  /** Spent, of the amount; of an amount of zero, 1. */
  readonly usedShare: number;
  /** The store was restored or copied in this period: what was spent since is not known, and a hard budget refuses. */
  readonly unknown: boolean;
}

/** What is spent and held, by budget and period. */
export type Spending = ReadonlyMap<string, { spentNanos: bigint; heldNanos: bigint }>;

/** No period but a lifetime is longer. */
const LONGEST_PERIOD_MS = 33 * 86_400_000;

/** What every budget has spent and handed out in the periods that may be running. */
export async function periodSpending(
  queries: Queries,
  { nowMs, lineage }: { nowMs: number; lineage: string | undefined },
): Promise<Spending> {
  const spending = new Map<string, { spentNanos: bigint; heldNanos: bigint }>();
  const add = (row: Row, spentNanos: bigint, heldNanos: bigint) => {
    const key = keyOf(textOf(row, "budget_id"), textOf(row, "period"));
    const before = spending.get(key) ?? { spentNanos: 0n, heldNanos: 0n };
    spending.set(key, {
      spentNanos: before.spentNanos + spentNanos,
      heldNanos: before.heldNanos + heldNanos,
    });
  };
  // In one query: what a gateway gives back in this moment is in one table or the other, never in neither.
  const rows = await queries.all(
    `SELECT budget_id, period, '' AS lineage, settled_nanos AS amount_nanos, settled_nanos AS spent_nanos
       FROM budget_periods WHERE start_ms = 0 OR start_ms > ?
     UNION ALL SELECT budget_id, period, lineage, amount_nanos, spent_nanos FROM budget_grants`,
    [Math.trunc(nowMs) - LONGEST_PERIOD_MS],
  );
  for (const row of rows) {
    const amount = nanosOf(row, "amount_nanos");
    // Nobody accounts for a slice of an earlier life of the store: all of it counts as spent.
    const spent = textOf(row, "lineage") === lineage ? nanosOf(row, "spent_nanos") : amount;
    add(row, spent, amount > spent ? amount - spent : 0n);
  }
  return spending;
}

export function standingOf(
  budget: Budget,
  given: {
    state: BudgetState | undefined;
    periodOf: (rule: PeriodRule) => Period;
    spending: Spending;
  },
): BudgetStanding {
  const { state, periodOf, spending } = given;
  const period = periodOf(budget);
  const { spentNanos, heldNanos } = spending.get(keyOf(budget.id, period.key)) ?? NOTHING;
  return {
    budget,
    period,
    spentNanos,
    heldNanos,
    leftNanos: budget.limitNanos - spentNanos,
    usedShare: shareOf(spentNanos, budget.limitNanos),
    unknown:
      state !== undefined && budget.lineage !== state.lineage && period.startMs <= state.lineageSinceMs,
  };
}

/** The period of each rule at one moment; the calendar is asked once for all budgets of the same rule. */
export function periodsAt(nowMs: number): (rule: PeriodRule) => Period {
  const known = new Map<string, Period>();
  return (rule) => {
    const key = `${rule.unit} ${rule.resetDay} ${rule.timeZone}`;
    const period = known.get(key) ?? periodAt(rule, nowMs);
    known.set(key, period);
    return period;
  };
}

const NOTHING = { spentNanos: 0n, heldNanos: 0n };
const PARTS = 1_000_000n;

/** To a millionth, rounded down: a share of 1 means that all is spent. */
function shareOf(spent: bigint, limit: bigint): number {
  return limit === 0n ? 1 : Number((spent * PARTS) / limit) / Number(PARTS);
}

function keyOf(budgetId: string, period: string): string {
  return `${budgetId} ${period}`;
}
