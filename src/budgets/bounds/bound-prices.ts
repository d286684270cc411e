import type { Ceilings, PricedModel } from "../../usage/index.ts";
import type { Bounded } from "./result.ts";

/** What a bounded request costs at the most with an output limit of L: `fixedNanos + L * nanosPerOutputToken`. */
export interface BoundPrices {
  readonly fixedNanos: bigint;
  /** Of all its answers, each of L tokens; rounded up. */
  readonly nanosPerOutputToken: bigint;
}

/** At the dearest prices that it may meet. `null` = the model, or a tier that it may be answered in, has no price. */
export function boundPrices(ceilings: Ceilings, bounded: Bounded, model: PricedModel): BoundPrices | null {
  const ceiling = ceilings.ceiling(model, bounded);
  if (ceiling === null) return null;
  const choices = BigInt(bounded.output?.choices ?? 0);
  return { fixedNanos: ceiling.fixedNanos, nanosPerOutputToken: choices * ceiling.nanosPerOutputToken };
}
