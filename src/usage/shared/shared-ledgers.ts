import { NANOS_PER_USD } from "../../kernel/index.ts";
import {
  type AttemptFilter,
  type AttemptRow,
  type GroupBy,
  type LedgerReader,
  type Shipped,
  type Totals,
  type TotalsQuery,
  unshippedTotals,
  SUMMED,
} from "../../ledger/index.ts";
import { intOf, optionalTextOf, type Row, type Store, textOf, type Value } from "../../store/index.ts";
import { attemptFromText } from "./attempt-document.ts";
import { SHARED_ROW_SUMS } from "./ship.ts";

export interface SharedLedgersOptions {
  readonly store: Store;
  /** This machine's ledgers, whose rows may not have been sent yet. */
  readonly local: LedgerReader;
  readonly dir: string;
}

const DAY_MS = 86_400_000;
const DEFAULT_LIMIT = 50;

/** What every machine has sent to the shared store, and what this one has not sent yet. */
export function sharedLedgers({ store, local, dir }: SharedLedgersOptions): LedgerReader {
  return {
    async list(filter = {}) {
      const limit = filter.limit ?? DEFAULT_LIMIT;
      const found = new Map<string, AttemptRow>();
      for (const row of [...(await sentRows(store, filter, limit)), ...(await local.list(filter))]) {
        // Ours last: its instance is the name of a file here.
        found.set(`${row.requestId}.${String(row.attempt).padStart(4, "0")}`, row);
      }
      return [...found]
        .sort(([a], [b]) => (a < b ? 1 : -1))
        .slice(0, limit)
        .map(([, row]) => row);
    },

    async *totals(query) {
      const nodes = new Map<string, { through: number; pending: number[] }>();
      // One statement sees one state: what it does not have of this machine is added from the ledgers.
      for (const row of await store.all(...statement(query))) {
        if (textOf(row, "kind") === "sum") yield totalOf(query.by, row);
        else noteNode(nodes, row);
      }
      yield* unshippedTotals(dir, query, (nodeId): Shipped | undefined => nodes.get(nodeId));
    },

    close: () => local.close(),
  };
}

function noteNode(nodes: Map<string, { through: number; pending: number[] }>, row: Row): void {
  const id = textOf(row, "key");
  const node = nodes.get(id) ?? { through: 0, pending: [] };
  nodes.set(id, node);
  if (textOf(row, "kind") === "node") node.through = intOf(row, "requests");
  else node.pending.push(intOf(row, "requests"));
}

const GROUPS: Readonly<Record<GroupBy, string>> = {
  model: "model",
  key: "provider_key_id",
  vk: "virtual_key_id",
  connection: "connection_id",
  tool: "tool",
  user: "user_label",
  team: "team",
  project: "project",
  day: "day",
  month: "day",
};

/** Sums of whole days, rows of the days that the range cuts, and how far each node has come. */
function statement({ by, sinceMs, untilMs }: TotalsQuery): [string, Value[]] {
  const since = Math.trunc(sinceMs);
  const until = Math.trunc(untilMs);
  const first = Math.ceil(since / DAY_MS);
  const end = Math.max(first, Math.floor(until / DAY_MS));
  const isWithinDay = first * DAY_MS >= until;
  const cuts = isWithinDay ? [since, until, 0, 0] : [since, first * DAY_MS, end * DAY_MS, until];
  const isByTime = by === "day" || by === "month";
  const sumKey = isByTime ? "CAST(day AS TEXT)" : GROUPS[by];
  const rowKey = isByTime ? `CAST(started_at_ms / ${DAY_MS} AS TEXT)` : GROUPS[by];
  const sums = SUMMED.map((column) => `CAST(SUM(${column}) AS BIGINT) AS ${column}`).join(", ");
  const none = SUMMED.slice(1)
    .map(() => "CAST(0 AS BIGINT)")
    .join(", ");
  const sql = `SELECT CAST('sum' AS TEXT) AS kind, ${sumKey} AS key, ${sums}
      FROM ledger_sums WHERE day >= ? AND day < ? GROUP BY ${sumKey}
    UNION ALL SELECT 'sum', ${rowKey}, ${SHARED_ROW_SUMS} FROM ledger_rows
      WHERE (started_at_ms >= ? AND started_at_ms < ?) OR (started_at_ms >= ? AND started_at_ms < ?) GROUP BY ${rowKey}
    UNION ALL SELECT 'node', id, shipped_through, ${none} FROM ledger_nodes
    UNION ALL SELECT 'pending', node_id, row_id, ${none} FROM ledger_pending`;
  return [sql, [first, end, ...cuts]];
}

function totalOf(by: GroupBy, row: Row): Totals {
  const number = (column: string) => BigInt(intOf(row, column));
  return {
    key: labelOf(by, optionalTextOf(row, "key") ?? null),
    requests: number("requests"),
    attempts: number("attempts"),
    inputTokens: number("input"),
    cachedInputTokens: number("cached"),
    outputTokens: number("output"),
    costNanos: number("cost_dollars") * NANOS_PER_USD + BigInt(row["cost_rest"] as number | bigint),
    unpriced: number("unpriced"),
    estimated: number("estimated"),
  };
}

function labelOf(by: GroupBy, key: string | null): string | null {
  if (key === null || (by !== "day" && by !== "month")) return key;
  return new Date(Number(key) * DAY_MS).toISOString().slice(0, by === "day" ? 10 : 7);
}

/** The newest first. */
async function sentRows(store: Store, filter: AttemptFilter, limit: number): Promise<AttemptRow[]> {
  const { requestIdPrefix: prefix } = filter;
  const parts: [string, Value | undefined][] = [
    ["request_id > ?", filter.afterRequestId],
    ["request_id < ?", filter.beforeRequestId],
    ["request_id >= ?", prefix],
    // After every id that begins so: ids are ASCII.
    ["request_id < ?", prefix === undefined ? undefined : `${prefix}~`],
    ["started_at_ms >= ?", filter.sinceMs],
    ["started_at_ms < ?", filter.untilMs],
    ["virtual_key_id = ?", filter.virtualKeyId],
    ["connection_id = ?", filter.connectionId],
    ["tool = ?", filter.tool],
  ];
  const given = parts.filter((part): part is [string, Value] => part[1] !== undefined);
  const where = given.length === 0 ? "" : `WHERE ${given.map(([sql]) => sql).join(" AND ")}`;
  const rows = await store.all(
    `SELECT document FROM ledger_rows ${where} ORDER BY request_id DESC, attempt DESC LIMIT ?`,
    [...given.map(([, value]) => value), limit],
  );
  return rows.map((row) => attemptFromText(textOf(row, "document")));
}
