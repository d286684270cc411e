import type { Budget } from "./budget.ts";
import { equalBytes } from "../kernel/index.ts";
import { type BudgetRecord, recordOf, type StoredBudget } from "./budget-record.ts";
import { type Queries, type Tx, type Value } from "../store/index.ts";
import { subjectText } from "./subject.ts";
import type { PeriodUnit } from "./calendar/period.ts";

/** All statements on `budgets` and its copies; nothing here checks a MAC. */

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

const TABLES = ["budgets", "budget_copies"] as const;

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
export async function allRecords(queries: Queries): Promise<StoredBudget[]> {
  return await stored(queries, "", []);
}

/** At most one: a subject has one budget for each kind of period. */
export async function recordBySubject(
  queries: Queries,
  subject: string,
  unit: PeriodUnit,
): Promise<StoredBudget | undefined> {
  return (await stored(queries, "WHERE subject = ? AND unit = ?", [subject, unit]))[0];
}

export async function recordById(queries: Queries, id: string): Promise<StoredBudget | undefined> {
  return (await stored(queries, "WHERE id = ?", [id]))[0];
}

/** Rows and copies in one query, so that they are of one moment. */
async function stored(queries: Queries, where: string, values: readonly Value[]): Promise<StoredBudget[]> {
  const columns = COLUMNS.join(", ");
  const rows = await queries.all(
    `SELECT 0 AS is_copy, ${columns} FROM budgets ${where}
     UNION ALL SELECT 1 AS is_copy, ${columns} FROM budget_copies ${where} ORDER BY id, is_copy`,
    [...values, ...values],
  );
  const found: StoredBudget[] = [];
  for (const row of rows) {
    const record = recordOf(row);
    const before = found.at(-1);
    if (before?.budget.id !== record.budget.id) found.push({ ...record, isWhole: false });
    else found[found.length - 1] = { ...before, isWhole: equalBytes(before.mac, record.mac) };
  }
  return found;
}

export async function putRecord(tx: Tx, record: BudgetRecord): Promise<void> {
  const changed = COLUMNS.slice(1).map((name) => `${name} = excluded.${name}`);
  for (const table of TABLES) {
    await tx.run(
      `INSERT INTO ${table} (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})
       ON CONFLICT (id) DO UPDATE SET ${changed.join(", ")}`,
      valuesOf(record),
    );
  }
}

export async function deleteRecord(tx: Tx, { id }: Pick<Budget, "id">): Promise<void> {
  for (const table of TABLES) await tx.run(`DELETE FROM ${table} WHERE id = ?`, [id]);
}
