import type { ReservedAttempt } from "../ledger/index.ts";
import type { Funds } from "./funding.ts";
import type { Plan } from "./plan.ts";

export interface ReservationOptions {
  readonly plan: Plan;
  readonly funds: Funds;
  /** 1 for the first attempt. */
  readonly number: number;
  readonly nowMs: number;
  readonly priceVersion: string;
}

/** The ledger row that is durable before a byte goes upstream. */
export function reservation({
  plan,
  funds,
  number,
  nowMs,
  priceVersion,
}: ReservationOptions): ReservedAttempt {
  const { connection, provider, caller, rule } = plan;
  const { policy } = caller.virtualKey;
  return {
    requestId: plan.requestId,
    attempt: number,
    startedAtMs: nowMs,
    virtualKeyId: caller.virtualKey.id,
    connectionId: connection.id,
    providerKeyId: plan.providerKey.id,
    tool: plan.tool,
    user: policy.user,
    team: policy.team,
    project: policy.project,
    provider: provider.id,
    dialect: provider.dialect,
    route: rule.path,
    stream: plan.stream,
    modelRequested: plan.modelRequested,
    bytesIn: plan.bytesIn,
    bodyHash: plan.bodyHash,
    reservedNanos: funds.reservedNanos,
    priceVersion,
    grants: funds.reservation?.grants ?? NO_GRANTS,
  };
}

const NO_GRANTS: readonly number[] = [];
