import type { PricedModel } from "../usage/index.ts";
import type { Plan } from "./plan.ts";

/** The model as price lists ask for it; `undefined` when the request names none. */
export function pricedModel(
  { provider, connection, modelPriced }: Plan,
  atMs: number,
): PricedModel | undefined {
  if (modelPriced === null) return undefined;
  return {
    provider: provider.id,
    preset: connection.preset,
    connectionId: connection.id,
    model: modelPriced,
    atMs,
  };
}
