import type { PricedModel } from "../usage/index.ts";
import type { Plan } from "./plan.ts";

/** The model as price lists ask for it; `undefined` when the request names none. */
export function pricedModel(plan: Plan, atMs: number): PricedModel | undefined {
  return plan.modelPriced === null ? undefined : pricedAs(plan.modelPriced, plan, atMs);
}

/** A model of this name, where the request went. */
export function pricedAs(model: string, { provider, connection }: Plan, atMs: number): PricedModel {
  return { provider: provider.id, preset: connection.preset, connectionId: connection.id, model, atMs };
}
