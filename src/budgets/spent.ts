/**
 * What a budget has counted, corrected by hand. A period's row holds what is settled; slices in the hands of gateways
 * add what they spend when they are given back.
 */
import type { Row, Tx } from "../store/index.ts";
import { intOf, textOf } from "../store/index.ts";
import { nanosOf } from "./budget-record.ts";
import type { Period } from "./calendar/period.ts";

export interface Declared {
  readonly budgetId: string;
  readonly period: Period;
  readonly spentNanos: bigint;
  /** The present life of the store. */
  readonly lineage: string;
}

/**
 * From now on so much is spent in the period. Slices of an earlier life of the store are in that sum: nobody will give
 * them back. Of those of this life, what they have reported is in it too and is booked when they come back.
 */
export async function declareSpent(
  tx: Tx,
  { budgetId, period, spentNanos, lineage }: Declared,
): Promise<void> {
  const open = await openGrants(tx, budgetId, period);
  let reported = 0n;
  for (const grant of open) {
    if (textOf(grant, "lineage") === lineage) reported += nanosOf(grant, "spent_nanos");
    else await writeOff(tx, grant);
  }
  await putSettled(tx, { budgetId, period, nanos: spentNanos > reported ? spentNanos - reported : 0n });
}

/**
 * A changed zone or reset day begins another period, but gives no money back: what was spent in the former one is
 * spent in the new one, and what gateways still hold of it counts as if it were.
 */
export async function carrySpent(
  tx: Tx,
  { budgetId, from, to }: { budgetId: string; from: Period; to: Period },
): Promise<void> {
  if (from.key === to.key) return;
  const held = (await openGrants(tx, budgetId, from)).map((grant) => nanosOf(grant, "amount_nanos"));
  const spent = held.reduce((sum, nanos) => sum + nanos, await settledIn(tx, budgetId, from));
  const before = await settledIn(tx, budgetId, to);
  await putSettled(tx, { budgetId, period: to, nanos: spent > before ? spent : before });
}

/** What a removed budget counted goes with it; slices in the hands of gateways end by themselves. */
export async function forgetSpent(tx: Tx, budgetId: string): Promise<void> {
  await tx.run("DELETE FROM budget_periods WHERE budget_id = ?", [budgetId]);
}

async function openGrants(tx: Tx, budgetId: string, period: Period): Promise<Row[]> {
  return await tx.all("SELECT * FROM budget_grants WHERE budget_id = ? AND period = ?", [
    budgetId,
    period.key,
  ]);
}

async function writeOff(tx: Tx, grant: Row): Promise<void> {
  await tx.run("DELETE FROM budget_grants WHERE id = ?", [intOf(grant, "id")]);
}

async function settledIn(tx: Tx, budgetId: string, { key }: Period): Promise<bigint> {
  const row = await tx.get(
    `SELECT settled_nanos FROM budget_periods WHERE budget_id = ? AND period = ?${tx.forUpdate}`,
    [budgetId, key],
  );
  return row ? nanosOf(row, "settled_nanos") : 0n;
}

async function putSettled(
  tx: Tx,
  { budgetId, period, nanos }: { budgetId: string; period: Period; nanos: bigint },
): Promise<void> {
  await tx.run(
    `INSERT INTO budget_periods (budget_id, period, start_ms, settled_nanos, contested_until_ms)
     VALUES (?, ?, ?, ?, 0)
     ON CONFLICT (budget_id, period) DO UPDATE SET settled_nanos = excluded.settled_nanos`,
    [budgetId, period.key, period.startMs, nanos],
  );
}
