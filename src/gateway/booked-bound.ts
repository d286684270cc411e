import type { Pricing } from "../usage/index.ts";
import type { Plan } from "./plan.ts";
import { pricedAs } from "./priced-model.ts";

/** What the attempt is booked at when no budget bounds it; `null` = unpriced. */
export function bookedBound(pricing: Pricing, plan: Plan, nowMs: number): bigint | null {
  if (plan.rule.free === true) return 0n;
  if (plan.modelPriced === null) return null;
  return pricing.bound({
    ...pricedAs(plan.modelPriced, plan, nowMs),
    kind: plan.rule.kind,
    bodyBytes: plan.bytesIn,
    outputLimit: plan.outputLimit,
    choices: plan.choices,
  });
}
