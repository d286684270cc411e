import { intOf, type Queries, type Row, textOf, type Tx } from "../store/index.ts";
import { nanosOf } from "./budget-record.ts";

/** A model that once cost more than was proven possible: kept from hard budgets until somebody has looked. */
export interface Suspension {
  readonly connectionId: string;
  readonly model: string;
  readonly sinceMs: number;
  readonly reservedNanos: bigint;
  readonly costNanos: bigint;
}

/** Oldest first. */
export async function suspensions(queries: Queries): Promise<Suspension[]> {
  const rows = await queries.all("SELECT * FROM budget_suspensions ORDER BY since_ms, connection_id, model");
  return rows.map(suspensionOf);
}

/** Gives whether there was one. */
export async function liftSuspension(
  tx: Tx,
  { connectionId, model }: Pick<Suspension, "connectionId" | "model">,
): Promise<boolean> {
  const lifted = await tx.run("DELETE FROM budget_suspensions WHERE connection_id = ? AND model = ?", [
    connectionId,
    model,
  ]);
  return lifted > 0;
}

function suspensionOf(row: Row): Suspension {
  return {
    connectionId: textOf(row, "connection_id"),
    model: textOf(row, "model"),
    sinceMs: intOf(row, "since_ms"),
    reservedNanos: nanosOf(row, "reserved_nanos"),
    costNanos: nanosOf(row, "cost_nanos"),
  };
}
