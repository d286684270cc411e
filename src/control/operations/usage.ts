import { z } from "zod";
import { REPORT_GROUPS, usageReport } from "../../usage/index.ts";
import { loadNames } from "../names.ts";
import { operation } from "../operation.ts";
import { costSchema, timeSchema } from "../schemas.ts";

const sums = {
  requests: z.number().int(),
  inputTokens: z.number().int().describe("all input, cached included"),
  cachedInputTokens: z.number().int(),
  outputTokens: z.number().int(),
  costUsd: costSchema,
  unpriced: z.number().int().describe("requests without a known price; not in costUsd"),
  estimated: z.number().int().describe("requests settled at their reservation"),
};

export const report = operation({
  name: "usage.report",
  summary: "What was used and what it cost",
  place: "anywhere",
  whileLocked: true,
  input: z.object({
    by: z.enum(REPORT_GROUPS).default("model"),
    since: timeSchema.optional(),
    until: timeSchema.optional(),
  }),
  output: z.object({
    from: timeSchema.nullable(),
    to: timeSchema.nullable(),
    by: z.enum(REPORT_GROUPS),
    items: z.array(z.object({ key: z.string().nullable(), label: z.string().nullable(), ...sums })),
    total: z.object(sums),
  }),
  async run(control, _caller, { by, since, until }) {
    return await usageReport({
      ledgers: control.ledgers,
      names: await loadNames(control),
      by,
      sinceMs: since === undefined ? null : Date.parse(since),
      untilMs: until === undefined ? null : Date.parse(until),
    });
  },
});
