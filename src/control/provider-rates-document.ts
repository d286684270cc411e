/** What a provider last told of its own limits, for one of its keys and one model. */
import { z } from "zod";
import type { SeenRates } from "../budgets/index.ts";
import { formatTime } from "../kernel/index.ts";
import { optionalTime } from "./documents.ts";
import { nullableTime, timeSchema } from "./schemas.ts";

const countSchema = z.number().int().min(0).nullable();

export const providerRatesSchema = z.object({
  model: z.string().nullable(),
  limits: z.array(
    z.object({
      name: z.string().describe("as the provider calls it: requests, tokens, input-tokens"),
      limit: countSchema,
      remaining: countSchema.describe("when it was seen"),
      resetsAt: nullableTime,
    }),
  ),
  seenAt: timeSchema,
  pausedUntil: nullableTime.describe("until then nothing is sent, as the provider would refuse it"),
});

export function providerRatesDocument(
  { model, rates, seenAtMs, pausedUntilMs }: SeenRates,
  nowMs: number,
): z.output<typeof providerRatesSchema> {
  return {
    model,
    limits: rates.map(({ name, limit, remaining, resetMs }) => ({
      name,
      limit,
      remaining,
      resetsAt: optionalTime(resetMs === null ? null : seenAtMs + resetMs),
    })),
    seenAt: formatTime(seenAtMs),
    pausedUntil: optionalTime(pausedUntilMs !== null && pausedUntilMs > nowMs ? pausedUntilMs : null),
  };
}
