/** What is read of a ledger to bring it into a store that several machines share; see src/usage/shared. */
import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { join } from "node:path";
import { openForReading } from "./database.ts";
import { instancesIn } from "./instances.ts";
import { attemptOf, type AttemptRow, type RawRow } from "./rows.ts";
import { readTotalsBeyond, type Totals, type TotalsQuery } from "./totals.ts";

/** Under which name a ledger's rows go, and behind which row they begin. */
export interface ShippingName {
  readonly nodeId: string;
  readonly startAfter: number;
}

/** What of one ledger the shared store has. */
export interface Shipped {
  readonly through: number;
  /** Rows up to that one which were still under way. */
  readonly pending: readonly number[];
}

export interface Shipment {
  /** Settled rows, in order. */
  readonly rows: readonly { readonly id: number; readonly row: AttemptRow }[];
  /** Rows of the batch that are still under way. */
  readonly open: readonly number[];
  /** The last row that was looked at. */
  readonly through: number;
}

/** Rows looked at for one shipment. */
const BATCH_ROWS = 200;

/**
 * To be called before anything is added to a ledger: a copy of one, which lies in another place, begins behind what it
 * holds, since that is the original's to send.
 */
export function noteCopy(database: Database, path: string): void {
  database
    .query(
      `UPDATE shipping SET node_id = '', place = ?1, start_after = (SELECT coalesce(max(id), 0) FROM attempt_rows)
        WHERE place <> ?1`,
    )
    .run(placeOf(path));
}

/** The ledger's name, given on first use, and to a copy anew. */
export function shippingName(path: string, newNodeId: () => string): ShippingName {
  const known = readName(path);
  if (known !== undefined && known.nodeId !== "") return known;
  return writeName(path, newNodeId(), known?.startAfter ?? 0);
}

/** Another name, for a ledger whose rows the store has from somebody else. */
export function renewShippingName(path: string, newNodeId: () => string): ShippingName {
  return writeName(path, newNodeId(), lastRowOf(path));
}

/** The last row's number; 0 for an empty ledger. */
export function lastRowOf(path: string): number {
  using database = openForReading(path);
  return Number(
    database?.query<{ last: bigint | null }, []>("SELECT max(id) AS last FROM attempt_rows").get()?.last ??
      0n,
  );
}

/** What comes next; `undefined` when there is nothing new. */
export function nextShipment(
  path: string,
  instance: string,
  { through, pending }: Shipped,
): Shipment | undefined {
  using database = openForReading(path);
  if (!database) return undefined;
  const rows = database
    .query<RawRow, [number, number]>("SELECT * FROM attempts WHERE id > ? ORDER BY id LIMIT ?")
    .all(through, BATCH_ROWS);
  const late = settledOf(database, pending);
  if (rows.length === 0 && late.length === 0) return undefined;
  const isOpen = (row: RawRow) => row["ended_at"] === null;
  return {
    rows: [...late, ...rows.filter((row) => !isOpen(row))].map((row) => ({
      id: Number(row["id"]),
      row: attemptOf(row, instance),
    })),
    open: rows.filter(isOpen).map((row) => Number(row["id"])),
    through: Math.max(through, ...rows.map((row) => Number(row["id"]))),
  };
}

/** Of rows that were under way, those that have ended; not more than one batch. */
function settledOf(database: Database, ids: readonly number[]): RawRow[] {
  const find = database.query<RawRow, [number]>(
    "SELECT * FROM attempts WHERE id = ? AND ended_at IS NOT NULL",
  );
  const found: RawRow[] = [];
  for (const id of ids) {
    const row = find.get(id);
    if (row) found.push(row);
    if (found.length === BATCH_ROWS) break;
  }
  return found;
}

/** Sums over what this folder's ledgers hold and the shared store does not have. */
export async function* unshippedTotals(
  dir: string,
  query: TotalsQuery,
  shippedOf: (nodeId: string) => Shipped | undefined,
): AsyncGenerator<Totals> {
  for (const instance of instancesIn(dir)) {
    const path = join(dir, `${instance}.db`);
    using database = openForReading(path);
    if (!database) continue;
    const name = readName(path);
    const shipped = name && (shippedOf(name.nodeId) ?? { through: name.startAfter, pending: [] });
    yield* readTotalsBeyond(database, query, shipped ?? { through: 0, pending: [] });
  }
}

function readName(path: string): ShippingName | undefined {
  using database = openForReading(path);
  const row = database
    ?.query<{ node_id: string; start_after: bigint }, []>("SELECT node_id, start_after FROM shipping")
    .get();
  return row ? { nodeId: row.node_id, startAfter: Number(row.start_after) } : undefined;
}

function writeName(path: string, nodeId: string, startAfter: number): ShippingName {
  using database = new Database(path, { readwrite: true });
  database.run("PRAGMA busy_timeout=5000");
  database
    .query("INSERT OR REPLACE INTO shipping (singleton, node_id, place, start_after) VALUES (1, ?, ?, ?)")
    .run(nodeId, placeOf(path), startAfter);
  return { nodeId, startAfter };
}

/** What a file keeps when it is renamed, and a copy does not have. */
function placeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}
