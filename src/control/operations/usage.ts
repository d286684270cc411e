import { z } from "zod";
import { formatTime, formatUsd } from "../../kernel/index.ts";
import { ADVICE_KINDS, REPORT_GROUPS, usageAdvice, usageReport } from "../../usage/index.ts";
import { optionalTextOf, textOf } from "../../store/index.ts";
import { loadNames } from "../names.ts";
import { operation } from "../operation.ts";
import { costSchema, isRange, NO_RANGE, timeSchema } from "../schemas.ts";

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
  withoutHome: true,
  input: z
    .object({
      by: z.enum(REPORT_GROUPS).default("model"),
      since: timeSchema.optional(),
      until: timeSchema.optional(),
    })
    .refine(isRange, NO_RANGE),
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
      names: async (ids) => await loadNames(control, ids),
      by,
      sinceMs: since === undefined ? null : Date.parse(since),
      untilMs: until === undefined ? null : Date.parse(until),
    });
  },
});

const DAY_MS = 86_400_000;
const ADVISED_DAYS = 30;

export const advise = operation({
  name: "usage.advise",
  summary: "What of the spending perhaps need not be, with the sum that each would have saved",
  // It reads many rows: not beside streams.
  place: "own-process",
  whileLocked: true,
  withoutHome: true,
  input: z
    .object({
      since: timeSchema.optional().describe("30 days ago when it is not said"),
      until: timeSchema.optional(),
    })
    .refine(isRange, NO_RANGE),
  output: z.object({
    from: timeSchema,
    to: timeSchema,
    requests: z.number().int().describe("those looked at: answered, with usage and model"),
    complete: z.boolean().describe("false: there were more, and these are the newest"),
    items: z.array(
      z.object({
        kind: z.enum(ADVICE_KINDS),
        virtualKey: z.string(),
        tool: z.string().nullable(),
        connection: z.string(),
        model: z.string(),
        requests: z.number().int(),
        savedUsd: z.string().describe("at the most; sums of different items overlap"),
        found: z.string(),
        how: z.string().describe("how the sum was worked out"),
      }),
    ),
  }),
  async run(control, _caller, { since, until }) {
    const nowMs = control.clock.nowMs();
    const untilMs = until === undefined ? nowMs : Date.parse(until);
    const sinceMs = since === undefined ? untilMs - ADVISED_DAYS * DAY_MS : Date.parse(since);
    const presets = await control.store.all("SELECT id, preset FROM connections");
    const presetOf = new Map(presets.map((row) => [textOf(row, "id"), optionalTextOf(row, "preset")]));
    const { advice, requests, isWhole } = await usageAdvice({
      ledgers: control.ledgers,
      pricing: control.prices,
      presetOf: (id) => presetOf.get(id) ?? null,
      sinceMs,
      untilMs,
      nowMs,
    });
    const names = await loadNames(
      control,
      advice.map(({ group }) => group.virtualKeyId),
    );
    const items = advice.map(({ kind, group, requests: count, savedNanos, found, how }) => ({
      kind,
      virtualKey: names.virtualKey(group.virtualKeyId),
      tool: group.tool,
      connection: names.connection(group.connectionId),
      model: group.model,
      requests: count,
      savedUsd: formatUsd(savedNanos),
      found,
      how,
    }));
    return { from: formatTime(sinceMs), to: formatTime(untilMs), requests, complete: isWhole, items };
  },
});
