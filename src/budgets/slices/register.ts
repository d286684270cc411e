import type { Log, Randomness } from "../../kernel/index.ts";
import { intOf, type Queries, type Row, type Store, textOf, type Tx } from "../../store/index.ts";
import { nanosOf } from "../budget-record.ts";
import { lockState } from "../store-state.ts";
import type { NodeIdentity } from "./node.ts";

/** A process's place in the store: it may hold slices as long as nobody has come after it. */
export interface Membership {
  readonly nodeId: string;
  readonly incarnation: number;
  /** Counts this incarnation's transactions: of two that believe to be the same one, one finds out. */
  readonly sequence: number;
  readonly lineage: string;
}

export interface RegisterOptions {
  readonly store: Store;
  readonly identity: NodeIdentity;
  readonly randomness: Randomness;
  /**
   * What the ledger's rows after that one have spent, by grant: costs of what is settled, reservations of what is not.
   * The ledger is this node's alone, and a crash has already been settled in it.
   */
  readonly chargedSince: (row: number) => ReadonlyMap<number, bigint>;
  readonly nowMs: number;
}

/** What became of the slices that the incarnation before had left behind. */
export interface Recovered {
  readonly grants: number;
  /** Counted as spent though the ledger does not show it: a power loss may have taken rows. */
  readonly lostNanos: bigint;
}

/**
 * Makes this process the node's next incarnation, and accounts for what the one before had in its hands: exactly,
 * by the ledger, after a crash; in full when the machine went down, since the ledger may have lost its last rows.
 * The older incarnation can do nothing from now on.
 */
export async function register(
  options: RegisterOptions,
): Promise<{ member: Membership; recovered: Recovered }> {
  const { store, nowMs } = options;
  let { identity } = options;
  const known = await store.get("SELECT place FROM budget_nodes WHERE id = ?", [identity.id]);
  if (known && isCopy(textOf(known, "place"), identity.place)) identity = identity.renew();
  return await store.tx(async (tx) => {
    const { lineage } = await lockState(tx);
    const row = await tx.get(`SELECT * FROM budget_nodes WHERE id = ?${tx.forUpdate}`, [identity.id]);
    const incarnation = row ? intOf(row, "incarnation") + 1 : 1;
    const recovered = row
      ? await recover(tx, {
          ...options,
          nodeId: identity.id,
          exact: textOf(row, "place") === identity.place,
          lineage,
        })
      : NOTHING;
    await tx.run(
      `INSERT INTO budget_nodes (id, incarnation, sequence, place, seen_at_ms) VALUES (?, ?, 0, ?, ?)
       ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, sequence = 0,
         place = excluded.place, seen_at_ms = excluded.seen_at_ms`,
      [identity.id, incarnation, identity.place, Math.trunc(nowMs)],
    );
    return { member: { nodeId: identity.id, incarnation, sequence: 0, lineage }, recovered };
  });
}

/** Accounts for what a node that nobody runs any more has left behind; nothing happens when that is nothing. */
export async function recoverNode(options: RegisterOptions, log: Log): Promise<void> {
  if (!(await hasGrants(options.store, options.identity.id))) return;
  const { recovered } = await register(options);
  log.info("budgets.recovered", { slices: recovered.grants, lostNanos: String(recovered.lostNanos) });
}

/** Whether the node has slices that nobody has accounted for. */
export async function hasGrants(queries: Queries, nodeId: string): Promise<boolean> {
  return (await queries.get("SELECT 1 FROM budget_grants WHERE node_id = ? LIMIT 1", [nodeId])) !== undefined;
}

const NOTHING: Recovered = { grants: 0, lostNanos: 0n };

/** The same boot, but another file: a copy beside the original. Another boot may be either. */
function isCopy(known: string, place: string): boolean {
  return known !== place && known.split(":")[0] === place.split(":")[0];
}

async function recover(
  tx: Tx,
  {
    nodeId,
    exact,
    lineage,
    chargedSince,
  }: RegisterOptions & { nodeId: string; exact: boolean; lineage: string },
): Promise<Recovered> {
  // Grants of another life of the store stay as they are: they count in full.
  const rows = await tx.all(
    "SELECT * FROM budget_grants WHERE node_id = ? AND lineage = ? ORDER BY budget_id",
    [nodeId, lineage],
  );
  if (rows.length === 0) return NOTHING;
  const charged = chargedSince(Math.min(...rows.map((row) => intOf(row, "ledger_row"))));
  let lostNanos = 0n;
  for (const row of rows) {
    const seen = charged.get(intOf(row, "id")) ?? 0n;
    const amount = nanosOf(row, "amount_nanos");
    const spent = exact || seen > amount ? seen : amount;
    lostNanos += spent - seen;
    await closeGrant(tx, row, spent);
  }
  return { grants: rows.length, lostNanos };
}

/** Books what a grant has spent and takes it out of circulation. */
export async function closeGrant(tx: Tx, grant: Row, spentNanos: bigint): Promise<void> {
  await tx.run(
    `UPDATE budget_periods SET settled_nanos = settled_nanos + ? WHERE budget_id = ? AND period = ?`,
    [spentNanos, textOf(grant, "budget_id"), textOf(grant, "period")],
  );
  await tx.run("DELETE FROM budget_grants WHERE id = ?", [intOf(grant, "id")]);
}
