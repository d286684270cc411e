import type { RowSealer } from "../access/index.ts";
import { AppError, lengthPrefixed } from "../kernel/index.ts";
import { bytesOf, intOf, type Row, textOf } from "../store/index.ts";
import type { Budget } from "./budget.ts";
import { PERIOD_UNITS, type PeriodUnit } from "./calendar/period.ts";
import { parseSubject, subjectText } from "./subject.ts";

/** A row of `budgets`: the budget and the MAC over all of it. */
export interface BudgetRecord {
  readonly budget: Budget;
  readonly mac: Uint8Array;
}

/** As the store has it. */
export interface StoredBudget extends BudgetRecord {
  /** The copy that was written with the row is there, and the same. */
  readonly isWhole: boolean;
}

const TABLE = "budgets";

/** @throws AppError `vault_locked`. */
export function sealBudget(sealer: RowSealer, budget: Budget): BudgetRecord {
  return { budget, mac: sealer.seal(TABLE, budget.id, sealedContent(budget)) };
}

/** @throws AppError `corrupt` when the row was changed, put back or taken away outside Ownkey, `vault_locked`. */
export function checkBudget(sealer: RowSealer, { budget, mac, isWhole }: StoredBudget): Budget {
  if (!isWhole) {
    throw new AppError(
      "corrupt",
      `the row of the budget ${budget.name} was taken away or put back outside Ownkey`,
      {
        hint: `look at it with: ownkey budget list; then: ownkey budget remove ${budget.id}, and set it again`,
        details: { table: TABLE, record: budget.id },
      },
    );
  }
  sealer.check(TABLE, budget.id, sealedContent(budget), mac);
  return budget;
}

export function recordOf(row: Row): BudgetRecord {
  return {
    budget: {
      id: textOf(row, "id"),
      subject: parseSubject(textOf(row, "subject")),
      name: textOf(row, "name"),
      limitNanos: nanosOf(row, "limit_nanos"),
      unit: unitOf(textOf(row, "unit")),
      timeZone: textOf(row, "time_zone"),
      resetDay: intOf(row, "reset_day"),
      hard: intOf(row, "hard") === 1,
      allow: textOf(row, "allow").split(" ").filter(Boolean),
      generation: intOf(row, "generation"),
      lineage: textOf(row, "lineage"),
      createdAtMs: intOf(row, "created_at_ms"),
      setAtMs: intOf(row, "set_at_ms"),
    },
    mac: bytesOf(row, "mac"),
  };
}

/** A sum of money. Rows give small integers as numbers and large ones as bigint. */
export function nanosOf(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value === "bigint" || typeof value === "number") return BigInt(value);
  throw new AppError("corrupt", `the column "${column}" of the database holds no amount`, {
    hint: "restore a backup with: ownkey backup restore FILE",
  });
}

function sealedContent(budget: Budget): Uint8Array {
  return lengthPrefixed(
    "ownkey budget 1",
    budget.id,
    subjectText(budget.subject),
    budget.name,
    budget.limitNanos,
    budget.unit,
    budget.timeZone,
    budget.resetDay,
    budget.hard ? 1 : 0,
    budget.allow.join(" "),
    budget.generation,
    budget.lineage,
    budget.createdAtMs,
    budget.setAtMs,
  );
}

function unitOf(text: string): PeriodUnit {
  const unit = PERIOD_UNITS.find((one) => one === text);
  if (unit !== undefined) return unit;
  throw new AppError("corrupt", "a budget has no known period", { hint: "run: ownkey audit verify" });
}
