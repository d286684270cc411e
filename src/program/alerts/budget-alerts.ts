import { type BudgetStanding, formatAmount, namedSubject } from "../../budgets/index.ts";
import { type Control, loadNames, type Names } from "../../control/index.ts";
import { formatTime, formatUsd } from "../../kernel/index.ts";
import type { NewEvent } from "../../notify/index.ts";

/** In percent. */
const THRESHOLDS = [50, 80, 100] as const;
const DAY_MS = 86_400_000;
/** Longer than any period but a lifetime. */
const PERIOD_KEPT_MS = 70 * DAY_MS;
const OVERRUN_KEPT_MS = 400 * DAY_MS;

/** Tells of budgets that are half, nearly and wholly used, and of models that cost more than was proven possible. */
export async function tellOfBudgets(control: Control): Promise<void> {
  const standings = (await control.budgets.watched()).filter(
    ({ usedShare }) => usedShare * 100 >= THRESHOLDS[0],
  );
  const suspensions = await control.budgets.suspensions();
  if (standings.length === 0 && suspensions.length === 0) return;
  const names = await loadNames(control);
  for (const standing of standings) await tellOfStanding(control, standing, names);
  for (const { connectionId, model, sinceMs, reservedNanos, costNanos } of suspensions) {
    const connection = names.connection(connectionId);
    const [reserved, cost] = [formatUsd(reservedNanos), formatUsd(costNanos)];
    await control.notifier.raise({
      type: "budget.overrun",
      mark: `overrun ${connectionId} ${model} ${sinceMs}`,
      keepMs: OVERRUN_KEPT_MS,
      message: `${model} at ${connection} cost ${cost} usd where ${reserved} usd was the most: hard budgets refuse it until: ownkey budget resume ${model}`,
      data: { connection, model, reservedUsd: reserved, costUsd: cost, since: formatTime(sinceMs) },
    });
  }
}

/** One alert for the highest threshold that is passed; the lower ones are contained in it. */
async function tellOfStanding({ notifier }: Control, standing: BudgetStanding, names: Names): Promise<void> {
  const passed = THRESHOLDS.filter((threshold) => standing.usedShare * 100 >= threshold);
  const highest = passed.at(-1);
  for (const threshold of passed) {
    const event = thresholdEvent(standing, threshold, names);
    if (threshold === highest) await notifier.raise(event);
    else await notifier.hush(event);
  }
}

function thresholdEvent(standing: BudgetStanding, threshold: number, names: Names): NewEvent {
  const { budget, period, spentNanos, leftNanos } = standing;
  const name = `${namedSubject(budget.subject, names)}/${budget.unit}`;
  const resetsAt = period.endMs === null ? null : formatTime(period.endMs);
  const until = resetsAt === null ? "" : `; it begins anew ${resetsAt.slice(0, 16).replace("T", " ")} UTC`;
  return {
    type: "budget.threshold",
    mark: `budget ${budget.id} ${period.key} ${threshold}`,
    keepMs: budget.unit === "lifetime" ? null : PERIOD_KEPT_MS,
    message: `budget ${name}: ${threshold} % used, ${formatUsd(spentNanos)} of ${formatUsd(budget.limitNanos)} usd${until}`,
    data: {
      budget: name,
      budgetId: budget.id,
      threshold,
      amount: formatAmount(budget),
      hard: budget.hard,
      spentUsd: formatUsd(spentNanos),
      leftUsd: formatUsd(leftNanos > 0n ? leftNanos : 0n),
      resetsAt,
    },
  };
}
