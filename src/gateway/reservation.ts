import type { ReservedAttempt } from "../ledger/index.ts";
import type { Pricing } from "../usage/index.ts";
import type { Plan } from "./plan.ts";

/** The ledger row that is durable before a byte goes upstream. */
export function reservation(pricing: Pricing, plan: Plan, number: number, nowMs: number): ReservedAttempt {
  const { connection, provider, caller, rule } = plan;
  const { policy } = caller.virtualKey;
  const free = rule.free === true;
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
    reservedNanos: free
      ? 0n
      : plan.modelPriced === null
        ? null
        : pricing.bound({
            provider: provider.id,
            preset: connection.preset,
            connectionId: connection.id,
            model: plan.modelPriced,
            atMs: nowMs,
            kind: rule.kind,
            bodyBytes: plan.bytesIn,
            outputLimit: plan.outputLimit,
            choices: plan.choices,
          }),
    priceVersion: pricing.version,
    grants: [],
  };
}
