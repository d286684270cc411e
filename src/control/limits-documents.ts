/** Rate limits of any subject as documents. */
import { z } from "zod";
import type { VirtualKey } from "../access/index.ts";
import { namedSubject, type RateRule } from "../budgets/index.ts";
import { formatTime } from "../kernel/index.ts";
import { rateLimitsDocument } from "./documents.ts";
import type { Names } from "./names.ts";
import { rateLimitsSchema, timeSchema } from "./schemas.ts";

export const limitsSchema = z.object({
  subject: z
    .string()
    .describe("everything, vk:NAME, user:…, team:…, project:…, tool:…, connection:NAME, model:PATTERN"),
  rateLimits: rateLimitsSchema,
  state: z.enum(["in_force", "damaged"]),
  createdAt: timeSchema,
});

export type LimitsDocument = z.output<typeof limitsSchema>;

export function ruleDocument(
  { subject, limits, createdAtMs }: RateRule,
  names: Names,
  state: LimitsDocument["state"] = "in_force",
): LimitsDocument {
  return {
    subject: namedSubject(subject, names),
    rateLimits: rateLimitsDocument(limits),
    state,
    createdAt: formatTime(createdAtMs),
  };
}

/** Those of a virtual key are part of what it may do. */
export function keyLimitsDocument({ name, policy, createdAtMs }: VirtualKey): LimitsDocument {
  return {
    subject: `vk:${name}`,
    rateLimits: rateLimitsDocument(policy.rateLimits),
    state: "in_force",
    createdAt: formatTime(createdAtMs),
  };
}
