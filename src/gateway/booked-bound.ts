import type { Pricing } from "../usage/index.ts";
import type { Plan } from "./plan.ts";

/** What the attempt is booked at when no budget bounds it; `null` = unpriced. */
export function bookedBound(pricing: Pricing, plan: Plan, nowMs: number): bigint | null {
  const { connection, provider, rule, modelPriced } = plan;
  if (rule.free === true) return 0n;
  if (modelPriced === null) return null;
  return pricing.bound({
    provider: provider.id,
    preset: connection.preset,
    connectionId: connection.id,
    model: modelPriced,
    atMs: nowMs,
    kind: rule.kind,
    bodyBytes: plan.bytesIn,
    outputLimit: plan.outputLimit,
    choices: plan.choices,
  });
}
