import type { Caller, Perform } from "../access/index.ts";
import { formatUsd } from "../kernel/index.ts";
import { noteChange } from "./store-state.ts";

/** An attempt that cost more than was proven possible: a bound or a price is wrong. */
export interface Overrun {
  readonly requestId: string;
  readonly connectionId: string;
  readonly model: string;
  readonly reservedNanos: bigint;
  readonly costNanos: bigint;
  readonly atMs: number;
}

/**
 * Keeps the model from hard budgets, everywhere, until its owner has looked. Recorded in the audit log, which tells the
 * other gateways.
 */
export async function suspendModel(perform: Perform, caller: Caller, overrun: Overrun): Promise<void> {
  const { requestId, connectionId, model, reservedNanos, costNanos, atMs } = overrun;
  const details = {
    request: requestId,
    model,
    reservedUsd: formatUsd(reservedNanos),
    costUsd: formatUsd(costNanos),
  };
  const act = { action: "budget.overrun", permission: "keys.read", subject: connectionId, details } as const;
  await perform(caller, act, async (tx) => {
    await tx.run(
      `INSERT INTO budget_suspensions (connection_id, model, since_ms, reserved_nanos, cost_nanos)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (connection_id, model) DO NOTHING`,
      [connectionId, model, Math.trunc(atMs), reservedNanos, costNanos],
    );
    await noteChange(tx);
  });
}
