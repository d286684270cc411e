import { AppError, formatTime, formatUsd } from "../kernel/index.ts";
import type { Budget } from "./budget.ts";
import type { Unbounded } from "./bounds/result.ts";
import type { Standing } from "./slices/desk.ts";

export interface Shortage {
  readonly budget: Budget;
  /** What the request needs at the least. */
  readonly neededNanos: bigint;
  /** What it could have. */
  readonly leftNanos: bigint;
  /** What requests hold here that have not ended. */
  readonly underWayNanos: bigint;
  readonly standing: Standing | undefined;
}

/** The refusal of a request that could cost more than a budget has left. */
export function budgetExceeded(short: Shortage): AppError {
  const { budget, neededNanos, leftNanos, underWayNanos, standing } = short;
  if (standing?.unknown === true) return spentUnknown(budget, standing);
  const left = leftNanos > 0n ? leftNanos : 0n;
  const others = standing?.othersNanos ?? 0n;
  // No period has room for more than a whole budget: nobody is told to wait for the next one.
  const neverFits = isMoreThanWhole({ budget, neededNanos });
  const resetsAt = neverFits ? undefined : resetOf(standing);
  const asked = `needs up to $${formatUsd(neededNanos)}`;
  return new AppError(
    "budget_exceeded",
    `the budget "${budget.name}" has $${formatUsd(left)} left, and this request ${asked}`,
    {
      hint: neverFits
        ? `that is more than the whole budget of $${formatUsd(budget.limitNanos)}; ask for less or set a smaller output limit, or let its owner raise it`
        : hintFor(short, resetsAt),
      details: {
        budget: budget.name,
        limitUsd: formatUsd(budget.limitNanos),
        leftUsd: formatUsd(left),
        neededUsd: formatUsd(neededNanos),
        ...(resetsAt === undefined ? {} : { resetsAt }),
        ...(underWayNanos > 0n ? { heldUnderWayUsd: formatUsd(underWayNanos) } : {}),
        ...(others > 0n ? { heldByOthersUsd: formatUsd(others) } : {}),
      },
    },
  );
}

export function isMoreThanWhole({ budget, neededNanos }: Pick<Shortage, "budget" | "neededNanos">): boolean {
  return neededNanos > budget.limitNanos;
}

/** Whether it would fit if the requests under way here gave all back that they hold. */
export function wouldFitAfterThose({ neededNanos, leftNanos, underWayNanos }: Shortage): boolean {
  return underWayNanos > 0n && leftNanos + underWayNanos >= neededNanos;
}

function hintFor(short: Shortage, resetsAt: string | undefined): string {
  const { leftNanos, underWayNanos, standing } = short;
  const others = standing?.othersNanos ?? 0n;
  const soon = wouldFitAfterThose(short)
    ? `requests under way hold $${formatUsd(underWayNanos)} of it: try again when they have ended; `
    : "";
  const wait = resetsAt === undefined ? "it does not begin anew by itself" : `it begins anew at ${resetsAt}`;
  const less = leftNanos > 0n ? "; a smaller output limit may fit" : "";
  const held = others > 0n ? `; other gateways hold $${formatUsd(others)} of it for requests of theirs` : "";
  return `${soon}${wait}${less}${held}`;
}

function spentUnknown(budget: Budget, standing: Standing): AppError {
  const resetsAt = resetOf(standing);
  return new AppError(
    "budget_exceeded",
    `nobody knows what was spent of the budget "${budget.name}": the database was restored or copied since`,
    {
      hint: "its owner sets it once more with: ownkey budget set",
      details: {
        budget: budget.name,
        limitUsd: formatUsd(budget.limitNanos),
        spent: "unknown",
        ...(resetsAt === undefined ? {} : { resetsAt }),
      },
    },
  );
}

function resetOf(standing: Standing | undefined): string | undefined {
  const atMs = standing?.resetsAtMs;
  return atMs === undefined || atMs === null ? undefined : formatTime(atMs);
}

/** A request that no bound is known for, and a hard budget covers. */
export function notBoundable({ field, why }: Unbounded): AppError {
  return new AppError("not_boundable", `a hard budget covers this request, and "${field}" ${why}`, {
    hint: `leave it out, or let it through by name: ownkey budget set … --allow ${field}`,
    details: { field },
  });
}

export function unpriced(model: string | null): AppError {
  const name = model === null ? "the request names no model" : `no price is known for the model "${model}"`;
  return new AppError("not_boundable", `a hard budget covers this request, and ${name}`, {
    hint: "set one with: ownkey prices set; or let it through uncounted: ownkey budget set … --allow unpriced",
    details: { field: "unpriced" },
  });
}

/** A model that once cost more than was proven possible. */
export function modelSuspended(model: string): AppError {
  return new AppError(
    "not_boundable",
    `the model "${model}" once cost more than was proven possible, and is kept from hard budgets`,
    { hint: "its owner looks at it with: ownkey budget list", details: { model } },
  );
}
