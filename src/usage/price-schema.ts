import { z } from "zod";
import type { ListedModel, Match, Price, PriceList, PriceSet } from "./price-data.ts";
import { rateOf } from "./rates.ts";

/** No token costs more than $10,000 a million. */
const LARGEST_USD = 10_000;

const amount = z
  .number()
  .min(0)
  .max(LARGEST_USD)
  .refine((value) => rateOf(value, 9) !== undefined);
const price: z.ZodType<Price> = z.union([
  amount,
  z.object({
    base: amount,
    tiers: z.array(z.object({ start: z.number().int().min(0), price: amount })).max(20),
  }),
]);
const priceSet: z.ZodType<PriceSet> = z.record(z.string(), price);
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const time = z.string().regex(/^\d\d:\d\d:\d\d/);
const constraint = z.union([
  z.object({ type: z.literal("start_date"), start_date: day }),
  z.object({ type: z.literal("time_of_date"), start_time: time, end_time: time }),
]);
const match: z.ZodType<Match> = z.lazy(() =>
  z.union([
    z.object({ or: z.array(match) }),
    z.object({ and: z.array(match) }),
    z.object({ equals: z.string() }),
    z.object({ starts_with: z.string() }),
    z.object({ ends_with: z.string() }),
    z.object({ contains: z.string() }),
    z.object({ regex: z.string() }),
  ]),
);
const model: z.ZodType<ListedModel> = z.object({
  id: z.string().min(1).max(200),
  match,
  name: z.string().optional(),
  prices: z.union([z.array(z.object({ constraint: constraint.optional(), prices: priceSet })), priceSet]),
});
/** Price data as others write it: form and bounds. Members that are not used here are dropped. */
export const priceListsSchema: z.ZodType<PriceList[]> = z
  .array(z.object({ id: z.string().min(1), models: z.array(model) }))
  .min(1);

/** Price data as it is kept, with where it came from. */
export const keptPricesSchema = z.object({ source: z.string(), data: z.unknown() });
