import type { Database } from "bun:sqlite";
import { join } from "node:path";
import type { ColumnValue } from "./columns.ts";
import { openForReading } from "./database.ts";
import { instancesIn } from "./instances.ts";
import { attemptOf, type AttemptRow, type RawRow } from "./rows.ts";
import { readTotals, type Totals, type TotalsQuery } from "./totals.ts";

export type { AttemptRow } from "./rows.ts";

export interface AttemptFilter {
  /** Only requests made after this one (exclusive): what is new since the last look. */
  readonly afterRequestId?: string;
  /** Only requests made before this one (exclusive): the next page. */
  readonly beforeRequestId?: string;
  readonly requestIdPrefix?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly virtualKeyId?: string;
  readonly connectionId?: string;
  readonly tool?: string;
  /** Rows at the most; default 50. */
  readonly limit?: number;
}

/** Reads all ledgers of a folder, also beside the processes that write them; never writes. */
export interface LedgerReader {
  /** Attempts, newest request first, attempts of one request from last to first. */
  list(filter?: AttemptFilter): AttemptRow[] | Promise<AttemptRow[]>;
  /**
   * Sums over settled attempts, in pieces, so that a long report does not hold up the event loop: the same group may
   * come several times, and its sums are added by the caller.
   */
  totals(query: TotalsQuery): AsyncIterable<Totals>;
  close(): void;
}

const DEFAULT_LIMIT = 50;

/** What this machine has recorded: no waiting for lists. */
export interface LocalLedgerReader extends LedgerReader {
  list(filter?: AttemptFilter): AttemptRow[];
}

/** @throws AppError `newer_format` or `corrupt` from the reading calls, naming the file. */
export function openLedgerReader(dir: string): LocalLedgerReader {
  const open = new Map<string, Database>();

  /** Ledgers of gateways that have started since are found as well. */
  const ledgers = (): [string, Database][] =>
    instancesIn(dir).flatMap((instance): [string, Database][] => {
      const database = open.get(instance) ?? openForReading(join(dir, `${instance}.db`));
      if (!database) return [];
      open.set(instance, database);
      return [[instance, database]];
    });

  return {
    list(filter = {}) {
      const limit = filter.limit ?? DEFAULT_LIMIT;
      const { where, values } = conditions(filter);
      const sql = `SELECT * FROM attempts ${where} ORDER BY request_id DESC, attempt DESC LIMIT ?`;
      return ledgers()
        .flatMap(([instance, database]) =>
          database
            .query<RawRow, ColumnValue[]>(sql)
            .all(...values, limit)
            .map((row) => attemptOf(row, instance)),
        )
        .sort(newestFirst)
        .slice(0, limit);
    },

    async *totals(query) {
      for (const instance of instancesIn(dir)) {
        // A connection of its own: its one snapshot has each attempt either as a row or in the sums.
        using database = openForReading(join(dir, `${instance}.db`));
        if (database) yield* readTotals(database, query);
      }
    },

    close() {
      for (const database of open.values()) database.close();
      open.clear();
    },
  };
}

function conditions(filter: AttemptFilter): { where: string; values: ColumnValue[] } {
  const { requestIdPrefix: prefix } = filter;
  const parts: [string, ColumnValue | undefined][] = [
    ["request_id > ?", filter.afterRequestId],
    ["request_id < ?", filter.beforeRequestId],
    ["request_id >= ?", prefix],
    // After every id that starts with the prefix: ids are ASCII.
    ["request_id < ?", prefix === undefined ? undefined : `${prefix}\u{10ffff}`],
    ["started_at >= ?", filter.sinceMs],
    ["started_at < ?", filter.untilMs],
    ["virtual_key_id = ?", filter.virtualKeyId],
    ["connection_id = ?", filter.connectionId],
    ["tool = ?", filter.tool],
  ];
  const given = parts.filter((part): part is [string, ColumnValue] => part[1] !== undefined);
  return {
    where: given.length === 0 ? "" : `WHERE ${given.map(([sql]) => sql).join(" AND ")}`,
    values: given.map(([, value]) => value),
  };
}

function newestFirst(a: AttemptRow, b: AttemptRow): number {
  if (a.requestId !== b.requestId) return a.requestId < b.requestId ? 1 : -1;
  return b.attempt - a.attempt;
}
