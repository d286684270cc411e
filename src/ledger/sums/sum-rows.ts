import type { Database } from "bun:sqlite";
import type { ColumnValue } from "../columns.ts";
import { ROW_SUMS, SUMMED } from "../sum-columns.ts";
import { DAY_MS, monthStart } from "./days.ts";

/** Rows that are looked at for one step; they are read without holding anybody up. */
const STEP_ROWS = 20_000;

/** What tells one group of a day's sums from another, in the order of `sum_groups`. */
const GROUP_COLUMNS = [
  "virtual_key_id",
  "connection_id",
  "provider_key_id",
  "tool",
  "user",
  "team",
  "project",
  "model",
] as const;

type Row = Record<string, ColumnValue>;

/**
 * Takes the next rows into the daily sums, and those that were under way when they were passed and have ended since.
 * The mark moves in the transaction that adds, so an attempt is in the sums once, whenever a crash comes. One caller
 * at a time and ledger; the ledger's writer may be at work. True when there was more than one step takes.
 */
export function sumSome(database: Database): boolean {
  const seen = database.transaction(() => look(database)).deferred();
  if (seen === undefined) return false;
  const { from, through, isMore, parts, open, late } = seen;
  const write = writer(database);
  database
    .transaction(() => {
      for (const part of parts) write(part);
      const note = database.query("INSERT INTO unsummed (id) VALUES (?)");
      for (const id of open) note.run(id);
      const done = database.query("DELETE FROM unsummed WHERE id = ?");
      for (const id of late) done.run(id);
      const moved = database
        .query("UPDATE sum_mark SET summed_through = ? WHERE summed_through = ?")
        .run(through, from);
      if (moved.changes !== 1) throw new Error("somebody else sums up this ledger");
    })
    .immediate();
  return isMore;
}

interface Seen {
  readonly from: number;
  /** There were more rows than one step takes. */
  readonly isMore: boolean;
  readonly through: number;
  readonly parts: Row[];
  /** Under way: to be added later. */
  readonly open: number[];
  /** Were under way, and have ended. */
  readonly late: number[];
}

/** What is to be done, from one snapshot; what was settled in it does not change any more. */
function look(database: Database): Seen | undefined {
  const from = number(database, "SELECT summed_through AS n FROM sum_mark");
  const last = number(database, "SELECT max(id) AS n FROM attempt_rows") || from;
  const through = Math.max(from, Math.min(last, from + STEP_ROWS));
  const late = ids(
    database,
    "SELECT r.id AS id FROM unsummed u JOIN attempt_rows r ON r.id = u.id WHERE r.ended_at IS NOT NULL",
  );
  if (through === from && late.length === 0) return undefined;
  const open = ids(
    database,
    "SELECT id FROM attempt_rows WHERE id > ? AND id <= ? AND ended_at IS NULL",
    from,
    through,
  );
  const parts = [
    // Apart: with an OR between them SQLite would read every row.
    ...sums(database, "id > ? AND id <= ?", from, through),
    ...(late.length === 0 ? [] : sums(database, "id IN (SELECT id FROM unsummed)")),
  ];
  return { from, through, isMore: through < last, parts, open, late };
}

function sums(database: Database, where: string, ...params: number[]): Row[] {
  return database
    .query<Row, number[]>(
      `SELECT started_at / ${DAY_MS} AS day, ${GROUP_COLUMNS.map(columnOf).join(", ")}, ${ROW_SUMS}
         FROM attempts WHERE ended_at IS NOT NULL AND ${where}
        GROUP BY day, ${GROUP_COLUMNS.map((_, at) => at + 2).join(", ")}`,
    )
    .all(...params);
}

function columnOf(column: (typeof GROUP_COLUMNS)[number]): string {
  return column === "model" ? "coalesce(model_answered, model_requested) AS model" : column;
}

function writer(database: Database): (part: Row) => void {
  const known = new Map<string, number>();
  const find = database.query<{ id: number }, [string]>("SELECT id FROM sum_groups WHERE name = ?");
  const make = database.query(
    `INSERT INTO sum_groups (name, ${GROUP_COLUMNS.join(", ")}) VALUES (?${", ?".repeat(GROUP_COLUMNS.length)})`,
  );
  const adding = ["daily_sums", "monthly_sums"].map((table) =>
    database.query(`INSERT INTO ${table} (day, group_id, ${SUMMED.join(", ")}) VALUES (?, ?${", ?".repeat(SUMMED.length)})
      ON CONFLICT (day, group_id) DO UPDATE SET ${SUMMED.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`),
  );
  return (part) => {
    const values = GROUP_COLUMNS.map((column) => part[column] ?? null);
    const name = JSON.stringify(values);
    const id = known.get(name) ?? find.get(name)?.id ?? Number(make.run(name, ...values).lastInsertRowid);
    known.set(name, id);
    const day = Number(part["day"]);
    const sums = SUMMED.map((column) => part[column] ?? 0);
    for (const [at, add] of adding.entries()) add.run(at === 0 ? day : monthStart(day), id, ...sums);
  };
}

function number(database: Database, sql: string): number {
  return database.query<{ n: number | null }, []>(sql).get()?.n ?? 0;
}

function ids(database: Database, sql: string, ...params: number[]): number[] {
  return database
    .query<{ id: number }, number[]>(sql)
    .all(...params)
    .map(({ id }) => id);
}
