import { intOf, type Row, type Store, textOf, type Tx } from "../../store/index.ts";
import type { Budget } from "../budget.ts";
import { nanosOf } from "../budget-record.ts";
import { type Period, periodAt } from "../calendar/period.ts";
import { type BudgetState, lockState, storeTimeMs } from "../store-state.ts";
import { closeGrant, type Membership } from "./register.ts";
import { grantSize, remaining } from "./size.ts";

/** What a process tells of a slice: how much of it it keeps, and what it has spent. */
export interface Report {
  readonly grantId: number;
  /** What it still counts on; never more than it was given, but for an overrun. */
  readonly amountNanos: bigint;
  readonly spentNanos: bigint;
  /** It is given back: what it has spent is booked, and it is over. */
  readonly close: boolean;
}

export interface Ask {
  readonly budget: Budget;
  /** How much more is needed than is held now. */
  readonly needNanos: bigint;
  /** The slice in use, to be made larger, and how large it is taken to be. */
  readonly slice: { readonly grantId: number; readonly amountNanos: bigint } | undefined;
}

export interface TradeRequest {
  readonly store: Store;
  readonly member: Membership;
  /** So many transactions since the last answer may or may not have happened. */
  readonly uncertain: number;
  /** Number of the definitions that the budgets are from. */
  readonly definitions: number;
  /** All slices that the process knows of. */
  readonly known: ReadonlySet<number>;
  /** The ledger's last row: reservations on a new grant come after it. */
  readonly ledgerRow: number;
  readonly reports: readonly Report[];
  readonly asks: readonly Ask[];
  readonly nowMs: number;
}

export interface Granted {
  readonly budgetId: string;
  readonly period: Period;
  /** `undefined` when nothing was left and nothing was held. */
  readonly grantId: number | undefined;
  readonly amountNanos: bigint;
  readonly notAfterMs: number;
  /** Not granted to anybody. */
  readonly leftNanos: bigint;
  /** In the hands of other processes, who were asked to give back what they do not use. */
  readonly othersNanos: bigint;
  /** The store was restored or copied: nobody knows what was spent in this period. */
  readonly unknown: boolean;
}

export type TradeAnswer =
  /** Somebody else is this node now, or the store is another one: every slice is void. */
  | { readonly kind: "fenced" }
  /** Budgets have changed: to be loaded first. */
  | { readonly kind: "changed" }
  | {
      readonly kind: "done";
      readonly sequence: number;
      readonly nowMs: number;
      /** How far the store's clock stands behind the latest time seen. */
      readonly behindMs: number;
      readonly granted: readonly Granted[];
    };

/** A slice is accounted for at least this often: after a crash that much of the ledger is read. */
const LONGEST_USE_MS = 3_600_000;
/** For this long after somebody was short, slices are no larger than needed. */
const CONTESTED_MS = 5_000;

/**
 * Gives back and takes, in one transaction: the only place where money moves between the store and a process. All or
 * nothing; when its outcome is unknown, the process keeps to the smaller of both.
 */
export async function trade(request: TradeRequest): Promise<TradeAnswer> {
  const { store, member } = request;
  return await store.tx(async (tx): Promise<TradeAnswer> => {
    const state = await lockState(tx);
    if (state.lineage !== member.lineage) return { kind: "fenced" };
    const sequence = await nextSequence(tx, request);
    if (sequence === undefined) return { kind: "fenced" };
    if (state.definitions !== request.definitions && request.asks.length > 0) return { kind: "changed" };

    const clockMs = await storeTimeMs(store, tx, request.nowMs);
    const nowMs = Math.max(clockMs, state.highWaterMs);
    if (request.uncertain > 0) await takeUnknown(tx, request);
    for (const report of request.reports) await take(tx, member, report);
    let { nextGrant } = state;
    const granted: Granted[] = [];
    for (const ask of [...request.asks].sort((a, b) => (a.budget.id < b.budget.id ? -1 : 1))) {
      granted.push(await give(tx, { request, state, ask, nowMs, newGrant: () => nextGrant++ }));
    }
    await tx.run("UPDATE budget_state SET high_water_ms = ?, next_grant = ? WHERE id = 1", [
      nowMs,
      nextGrant,
    ]);
    await tx.run("UPDATE budget_nodes SET sequence = ?, seen_at_ms = ? WHERE id = ?", [
      sequence,
      nowMs,
      member.nodeId,
    ]);
    return { kind: "done", sequence, nowMs, behindMs: nowMs - clockMs, granted };
  });
}

/** Grants of this process that others wait for. Only reads. */
export async function recalledGrants(store: Store, { nodeId, incarnation }: Membership): Promise<number[]> {
  const rows = await store.all(
    `SELECT id FROM budget_grants WHERE node_id = ? AND incarnation = ? AND recalled = 1`,
    [nodeId, incarnation],
  );
  return rows.map((row) => intOf(row, "id"));
}

async function nextSequence(tx: Tx, { member, uncertain }: TradeRequest): Promise<number | undefined> {
  const row = await tx.get(`SELECT * FROM budget_nodes WHERE id = ?${tx.forUpdate}`, [member.nodeId]);
  if (!row || intOf(row, "incarnation") !== member.incarnation) return undefined;
  const sequence = intOf(row, "sequence");
  const isExpected = sequence >= member.sequence && sequence <= member.sequence + uncertain;
  return isExpected ? sequence + 1 : undefined;
}

async function take(tx: Tx, member: Membership, report: Report): Promise<void> {
  const row = await tx.get(`SELECT * FROM budget_grants WHERE id = ? AND node_id = ? AND incarnation = ?`, [
    report.grantId,
    member.nodeId,
    member.incarnation,
  ]);
  if (!row) return;
  if (report.close) return await closeGrant(tx, row, report.spentNanos);
  await tx.run("UPDATE budget_grants SET amount_nanos = ?, spent_nanos = ?, recalled = 0 WHERE id = ?", [
    report.amountNanos,
    report.spentNanos,
    report.grantId,
  ]);
}

/** What was granted by an answer that got lost: nobody has spent of it, since nobody knows of it. */
async function takeUnknown(tx: Tx, { member, known }: TradeRequest): Promise<void> {
  const rows = await tx.all("SELECT * FROM budget_grants WHERE node_id = ? AND incarnation = ?", [
    member.nodeId,
    member.incarnation,
  ]);
  for (const row of rows) if (!known.has(intOf(row, "id"))) await closeGrant(tx, row, 0n);
}

interface Giving {
  readonly request: TradeRequest;
  readonly state: BudgetState;
  readonly ask: Ask;
  readonly nowMs: number;
  readonly newGrant: () => number;
}

async function give(tx: Tx, { request, state, ask, nowMs, newGrant }: Giving): Promise<Granted> {
  const { budget, needNanos } = ask;
  const { member } = request;
  const period = periodAt(budget, nowMs);
  const { settledNanos, contestedUntilMs } = await openPeriod(tx, budget, period);
  const open = await tx.all(
    `SELECT id, node_id, incarnation, amount_nanos, not_after_ms FROM budget_grants
     WHERE budget_id = ? AND period = ?`,
    [budget.id, period.key],
  );
  const own = open.filter((row) => isMine(row, member));
  const mine = own.find((row) => intOf(row, "id") === ask.slice?.grantId);
  const others = open.filter((row) => textOf(row, "node_id") !== member.nodeId);
  const sum = (rows: readonly Row[]) => rows.reduce((total, row) => total + nanosOf(row, "amount_nanos"), 0n);
  const standing = {
    limitNanos: budget.limitNanos,
    settledNanos,
    grantedNanos: sum(open),
    otherHolders: others.length,
    contested: contestedUntilMs > nowMs,
  };
  const notAfterMs = mine
    ? intOf(mine, "not_after_ms")
    : Math.min(period.endMs ?? Number.MAX_SAFE_INTEGER, nowMs + LONGEST_USE_MS);
  const common = { budgetId: budget.id, period, notAfterMs, othersNanos: sum(others) };
  const held = mine ? nanosOf(mine, "amount_nanos") : 0n;
  // Restored or copied in this period, and not set since: nobody knows what was spent.
  if (budget.hard && budget.lineage !== state.lineage && period.startMs <= state.lineageSinceMs) {
    return { ...common, grantId: undefined, amountNanos: 0n, leftNanos: 0n, unknown: true };
  }
  // An answer that got lost may have made the slice larger than its holder knows.
  const unseen = held - (mine ? (ask.slice?.amountNanos ?? 0n) : 0n);
  const lacking = needNanos - unseen;
  const more = lacking > 0n ? grantSize(standing, lacking) : 0n;
  if (more < lacking && others.length > 0) await recall(tx, { budget, period, member, nowMs });
  const leftNanos = remaining(standing) - more;
  if (mine) {
    const amountNanos = held + more;
    if (more > 0n) {
      await tx.run("UPDATE budget_grants SET amount_nanos = ? WHERE id = ?", [
        amountNanos,
        intOf(mine, "id"),
      ]);
    }
    return { ...common, grantId: intOf(mine, "id"), amountNanos, leftNanos, unknown: false };
  }
  if (more <= 0n) return { ...common, grantId: undefined, amountNanos: 0n, leftNanos, unknown: false };
  const grantId = newGrant();
  await tx.run(
    `INSERT INTO budget_grants (id, budget_id, period, lineage, node_id, incarnation, amount_nanos, spent_nanos,
       ledger_row, granted_at_ms, not_after_ms, recalled)
     VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0)`,
    [
      grantId,
      budget.id,
      period.key,
      state.lineage,
      member.nodeId,
      member.incarnation,
      more,
      request.ledgerRow,
      nowMs,
      notAfterMs,
    ],
  );
  return { ...common, grantId, amountNanos: more, leftNanos, unknown: false };
}

function isMine(row: Row, { nodeId, incarnation }: Membership): boolean {
  return textOf(row, "node_id") === nodeId && intOf(row, "incarnation") === incarnation;
}

async function openPeriod(
  tx: Tx,
  budget: Budget,
  period: Period,
): Promise<{ settledNanos: bigint; contestedUntilMs: number }> {
  const row = await tx.get("SELECT * FROM budget_periods WHERE budget_id = ? AND period = ?", [
    budget.id,
    period.key,
  ]);
  if (row) {
    return {
      settledNanos: nanosOf(row, "settled_nanos"),
      contestedUntilMs: intOf(row, "contested_until_ms"),
    };
  }
  await tx.run(
    `INSERT INTO budget_periods (budget_id, period, start_ms, settled_nanos, contested_until_ms)
     VALUES (?, ?, ?, 0, 0)`,
    [budget.id, period.key, period.startMs],
  );
  return { settledNanos: 0n, contestedUntilMs: 0 };
}

async function recall(
  tx: Tx,
  { budget, period, member, nowMs }: { budget: Budget; period: Period; member: Membership; nowMs: number },
): Promise<void> {
  await tx.run(
    `UPDATE budget_grants SET recalled = 1
     WHERE budget_id = ? AND period = ? AND node_id <> ?`,
    [budget.id, period.key, member.nodeId],
  );
  await tx.run("UPDATE budget_periods SET contested_until_ms = ? WHERE budget_id = ? AND period = ?", [
    nowMs + CONTESTED_MS,
    budget.id,
    period.key,
  ]);
}
