import type { Database } from "bun:sqlite";
import { DAY_MS, dayOf } from "./days.ts";

export interface KeepOptions {
  readonly nowMs: number;
  /** Rows that began in the last so many days stay; at least {@link LEAST_DAYS}. */
  readonly days: number;
  /** Of more rows than that the oldest go before their time, but for the last {@link LEAST_DAYS} days. */
  readonly rows: number;
  /**
   * Whether rows that a budget's slice has paid may go as well: not before the slices of the process that wrote them
   * are accounted for, which is by these rows.
   */
  readonly dropPaid: boolean;
  /** Rows behind this one stay, because they are not in the shared store yet; absent where there is none. */
  readonly shippedThrough?: number;
}

/** Rows of the last days always stay. */
export const LEAST_DAYS = 7;
/** Few enough that the ledger's writer waits some milliseconds at the most. */
const STEP_ROWS = 200;

/**
 * Says from which day on all rows are kept, as a promise to readers: before it only the sums count, so that rows can
 * go one by one afterwards. Only whole days that are in the sums altogether.
 */
export function moveRawFrom(
  database: Database,
  { nowMs, days, rows, shippedThrough = Number.MAX_SAFE_INTEGER }: KeepOptions,
): void {
  const times = database.query<{ newest: number | null }, []>(
    "SELECT max(started_at) AS newest FROM attempt_rows",
  );
  const newestMs = times.get()?.newest;
  if (newestMs === null || newestMs === undefined) return;
  const beyond = database
    .query<{ at: number }, [number]>(
      "SELECT started_at AS at FROM attempt_rows ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ?",
    )
    .get(rows);
  const byAge = dayOf(nowMs - Math.max(days, LEAST_DAYS) * DAY_MS);
  const byNumber = beyond === null ? 0 : dayOf(beyond.at) + 1;
  // By its own newest row as well: what was written just before a long rest is not old.
  const latest = dayOf(Math.min(nowMs, newestMs)) - LEAST_DAYS;
  const rawFrom = Math.min(Math.max(byAge, byNumber), latest) * DAY_MS;
  database
    .query(
      `UPDATE sum_mark SET raw_from = ?1 WHERE raw_from < ?1 AND NOT EXISTS
        (SELECT 1 FROM attempt_rows WHERE started_at < ?1 AND id > min(summed_through, ?2))`,
    )
    .run(rawFrom, shippedThrough);
}

/** Takes some rows away that only the sums count for; false when there was none. */
export function dropSome(database: Database, { dropPaid }: Pick<KeepOptions, "dropPaid">): boolean {
  const { changes } = database
    .query(
      `DELETE FROM attempt_rows WHERE id IN (
        SELECT r.id FROM attempt_rows r, sum_mark
         WHERE r.started_at < raw_from AND r.id <= summed_through AND r.id NOT IN (SELECT id FROM unsummed)
           ${dropPaid ? "" : "AND (SELECT grants FROM contexts c WHERE c.id = r.context) IS NULL"}
         ORDER BY r.started_at LIMIT ${STEP_ROWS})`,
    )
    .run();
  return changes > 0;
}
