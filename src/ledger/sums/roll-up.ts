import { Database } from "bun:sqlite";
import { DAY_MS } from "./days.ts";
import { dropSome, type KeepOptions, moveRawFrom } from "./drop-rows.ts";
import { sumSome } from "./sum-rows.ts";

/** Between two steps: requests that wait for the ledger go first. */
const PAUSE_MS = 2;

/**
 * Brings a ledger's sums up to date, then takes away the rows that are old enough. Made for a thread beside the ledger's
 * writer: every step is short, and the last one may be any.
 */
export async function rollUp(path: string, keep: KeepOptions, isOver: () => boolean): Promise<void> {
  using database = new Database(path, { readwrite: true });
  database.run("PRAGMA busy_timeout=5000");
  database.run("PRAGMA synchronous=NORMAL");
  const repeat = async (step: () => boolean) => {
    while (!isOver() && step()) await Bun.sleep(PAUSE_MS);
  };
  await repeat(() => sumSome(database));
  if (!isOver()) moveRawFrom(database, keep);
  await repeat(() => dropSome(database, keep));
}

/** Whether there is enough to be worth a thread: so many rows that are in no sum, or rows that are too many or too old. */
export function isRollUpDue(path: string, { nowMs, days, rows }: KeepOptions, leastRows: number): boolean {
  using database = new Database(path, { readonly: true });
  database.run("PRAGMA busy_timeout=1000");
  const row = database
    .query<{ behind: number; rows: number; oldest: number | null }, []>(
      `SELECT coalesce((SELECT max(id) FROM attempt_rows), 0) - summed_through AS behind,
              coalesce((SELECT max(id) - min(id) FROM attempt_rows), 0) AS rows,
              (SELECT min(started_at) FROM attempt_rows) AS oldest
         FROM sum_mark`,
    )
    .get();
  if (row === null) return false;
  const hasOld = row.oldest !== null && row.oldest < nowMs - (days + 1) * DAY_MS;
  return row.behind >= leastRows || hasOld || row.rows > rows + rows / 10;
}
