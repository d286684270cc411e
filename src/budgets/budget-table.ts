import type { Budget } from "./budget.ts";
import { type BudgetRecord, recordOf } from "./budget-record.ts";
import { type Queries, type Tx, type Value } from "../store/index.ts";
import { subjectText } from "./subject.ts";
import type { PeriodUnit } from "./calendar/period.ts";

/** All statements on `budgets`; nothing here checks a MAC. */

const COLUMNS = [
  "id",
  "subject",
  "name",
  "limit_nanos",
  "unit",
  "time_zone",
  "reset_day",
  "hard",
  "allow",
  "generation",
  "lineage",
  "created_at_ms",
  "set_at_ms",
  "mac",
] as const;

function valuesOf({ budget, mac }: BudgetRecord): Value[] {
  return [
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
    mac,
  ];
}

/** Ordered by id. */
export async function allRecords(queries: Queries): Promise<BudgetRecord[]> {
  return (await queries.all("SELECT * FROM budgets ORDER BY id")).map(recordOf);
}

/** At most one: a subject has one budget for each kind of period. */
export async function recordBySubject(
  queries: Queries,
  subject: string,
  unit: PeriodUnit,
): Promise<BudgetRecord | undefined> {
  const row = await queries.get("SELECT * FROM budgets WHERE subject = ? AND unit = ?", [subject, unit]);
  return row && recordOf(row);
}

export async function recordById(queries: Queries, id: string): Promise<BudgetRecord | undefined> {
  const row = await queries.get("SELECT * FROM budgets WHERE id = ?", [id]);
  return row && recordOf(row);
}

export async function putRecord(tx: Tx, record: BudgetRecord): Promise<void> {
  const changed = COLUMNS.slice(1).map((name) => `${name} = excluded.${name}`);
  await tx.run(
    `INSERT INTO budgets (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})
     ON CONFLICT (id) DO UPDATE SET ${changed.join(", ")}`,
    valuesOf(record),
  );
}

export async function deleteRecord(tx: Tx, { id }: Pick<Budget, "id">): Promise<void> {
  await tx.run("DELETE FROM budgets WHERE id = ?", [id]);
}
