import { AppError, type Clock, NANOS_PER_USD } from "../../kernel/index.ts";
import {
  type AttemptRow,
  lastRowOf,
  nextShipment,
  renewShippingName,
  type Shipment,
  type Shipped,
  shippingName,
  SUMMED,
} from "../../ledger/index.ts";
import { intOf, type Queries, type Store, type Tx, type Value } from "../../store/index.ts";
import { attemptText } from "./attempt-document.ts";

export interface ShipOptions {
  readonly store: Store;
  /** The ledger's file, which this process may write. */
  readonly path: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly newNodeId: () => string;
  /** Ends it after the batch under way. */
  readonly signal: AbortSignal;
}

const DAY_MS = 86_400_000;

/**
 * Brings what is settled in a ledger into the shared store, batch by batch, and gives the number of the last row that is
 * there. Each batch is one transaction, together with the mark it moves: sent twice, or cut off before its answer came,
 * it counts once. What is kept in memory is one batch.
 * @throws AppError `store_unavailable`: nothing is lost, the next call goes on.
 */
export async function shipLedger(options: ShipOptions): Promise<number> {
  const { store, path, instance, signal } = options;
  let name = shippingName(path, options.newNodeId);
  let shipped = await readShipped(store, name.nodeId);
  if (shipped && shipped.through > lastRowOf(path)) {
    // An older state of this ledger was put back; what it holds is there already.
    name = renewShippingName(path, options.newNodeId);
    shipped = undefined;
  }
  shipped ??= { through: name.startAfter, pending: [] };
  while (!signal.aborted) {
    const shipment = nextShipment(path, instance, shipped);
    if (!shipment) break;
    await sendBatch(options, name.nodeId, shipped, shipment);
    const done = new Set(shipment.rows.map(({ id }) => id));
    const pending: number[] = [...shipped.pending.filter((id) => !done.has(id)), ...shipment.open];
    shipped = { through: shipment.through, pending };
  }
  return shipped.through;
}

/** What the store has of a node; `undefined` when it has never heard of it. */
async function readShipped(queries: Queries, nodeId: string): Promise<Shipped | undefined> {
  const row = await queries.get("SELECT shipped_through FROM ledger_nodes WHERE id = ?", [nodeId]);
  if (!row) return undefined;
  const pending = await queries.all("SELECT row_id FROM ledger_pending WHERE node_id = ? ORDER BY row_id", [
    nodeId,
  ]);
  return { through: intOf(row, "shipped_through"), pending: pending.map((each) => intOf(each, "row_id")) };
}

async function sendBatch(
  { store, clock }: ShipOptions,
  nodeId: string,
  before: Shipped,
  { rows, open, through }: Shipment,
): Promise<void> {
  const ids = rows.map(({ id }) => id);
  const work = async (tx: Tx) => {
    await moveMark(tx, nodeId, before.through, through, clock.nowMs());
    if (rows.length > 0) {
      await insertMany(
        tx,
        "ledger_rows",
        ROW_COLUMNS,
        rows.map(({ id, row }) => rowValues(nodeId, id, row)),
      );
      await addSums(tx, nodeId, ids);
      await tx.run(`DELETE FROM ledger_pending WHERE node_id = ? AND row_id IN (${marks(ids.length)})`, [
        nodeId,
        ...ids,
      ]);
    }
    if (open.length > 0) {
      await insertMany(
        tx,
        "ledger_pending",
        ["node_id", "row_id"],
        open.map((id) => [nodeId, id]),
      );
    }
  };
  // Reports alone read it: no gateway has to look for news.
  await store.tx(work, { isNews: false });
}

/** Whoever else sends for this node is found out here. */
async function moveMark(tx: Tx, nodeId: string, from: number, to: number, nowMs: number): Promise<void> {
  const moved = await tx.run(
    "UPDATE ledger_nodes SET shipped_through = ?, at_ms = ? WHERE id = ? AND shipped_through = ?",
    [to, Math.trunc(nowMs), nodeId, from],
  );
  if (moved === 1) return;
  const made = await tx.run(
    "INSERT INTO ledger_nodes (id, shipped_through, at_ms) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
    [nodeId, to, Math.trunc(nowMs)],
  );
  if (made === 1) return;
  throw new AppError("conflict", "the shared ledger was written for this gateway by somebody else", {
    hint: "is a copy of this home running on another machine?",
    retryable: true,
  });
}

const GROUP_COLUMNS = [
  "virtual_key_id",
  "connection_id",
  "provider_key_id",
  "tool",
  "user_label",
  "team",
  "project",
  "model",
] as const;

const ROW_COLUMNS = [
  "node_id",
  "row_id",
  "request_id",
  "attempt",
  "started_at_ms",
  "group_key",
  ...GROUP_COLUMNS,
  "input",
  "cached",
  "output",
  "cost_nanos",
  "estimated",
  "document",
] as const;

function rowValues(nodeId: string, id: number, row: AttemptRow): Value[] {
  const { settled } = row;
  const usage = settled?.usage;
  const model = settled?.modelAnswered ?? row.modelRequested;
  const { virtualKeyId, connectionId, providerKeyId, tool, user, team, project } = row;
  const group = [virtualKeyId, connectionId, providerKeyId, tool, user, team, project, model];
  const cached = usage?.cacheRead ?? 0;
  const input =
    (usage?.inputUncached ?? 0) + cached + (usage?.cacheWrite5m ?? 0) + (usage?.cacheWrite1h ?? 0);
  return [
    nodeId,
    id,
    row.requestId,
    row.attempt,
    row.startedAtMs,
    JSON.stringify(group),
    ...group,
    input,
    cached,
    usage?.output ?? 0,
    settled?.costNanos ?? null,
    settled?.estimated === true ? 1 : 0,
    attemptText(row),
  ];
}

async function addSums(tx: Tx, nodeId: string, ids: readonly number[]): Promise<void> {
  await tx.run(
    `INSERT INTO ledger_sums (node_id, day, group_key, ${GROUP_COLUMNS.join(", ")}, ${SUMMED.join(", ")})
     SELECT node_id, started_at_ms / ${DAY_MS}, group_key, ${GROUP_COLUMNS.map((column) => `MIN(${column})`).join(", ")}, ${SHARED_ROW_SUMS}
       FROM ledger_rows WHERE node_id = ? AND row_id IN (${marks(ids.length)})
      GROUP BY node_id, started_at_ms / ${DAY_MS}, group_key
     ON CONFLICT (day, group_key, node_id) DO UPDATE SET ${SUMMED.map(
       (column) => `${column} = ledger_sums.${column} + excluded.${column}`,
     ).join(", ")}`,
    [nodeId, ...ids],
  );
}

/** Sums over rows of `ledger_rows`, in the order of `SUMMED`. */
export const SHARED_ROW_SUMS = [
  "SUM(CASE WHEN attempt = 1 THEN 1 ELSE 0 END)",
  "COUNT(*)",
  "SUM(input)",
  "SUM(cached)",
  "SUM(output)",
  `SUM(COALESCE(cost_nanos, 0) / ${NANOS_PER_USD})`,
  `SUM(COALESCE(cost_nanos, 0) % ${NANOS_PER_USD})`,
  "SUM(CASE WHEN cost_nanos IS NULL THEN 1 ELSE 0 END)",
  "SUM(estimated)",
]
  .map((sum) => `CAST(${sum} AS BIGINT)`)
  .join(", ");

async function insertMany(
  tx: Tx,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
): Promise<void> {
  const one = `(${marks(columns.length)})`;
  await tx.run(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${rows.map(() => one).join(", ")} ON CONFLICT DO NOTHING`,
    rows.flat(),
  );
}

function marks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

/**
 * Takes rows of this ledger that are older than that out of the shared store, some at a time; their sums stay. False when
 * there was none.
 */
export async function dropShipped(
  { store, path, newNodeId }: Pick<ShipOptions, "store" | "path" | "newNodeId">,
  beforeMs: number,
): Promise<boolean> {
  const { nodeId } = shippingName(path, newNodeId);
  const drop = (tx: Tx) =>
    tx.run(
      `DELETE FROM ledger_rows WHERE node_id = ? AND row_id IN
      (SELECT row_id FROM ledger_rows WHERE node_id = ? AND started_at_ms < ? ORDER BY row_id LIMIT ${DROP_ROWS})`,
      [nodeId, nodeId, Math.floor(beforeMs / DAY_MS) * DAY_MS],
    );
  return (await store.tx(drop, { isNews: false })) > 0;
}

const DROP_ROWS = 1000;
