/** Pieces of input and output documents that several operations share (contract: fields). */
import { z } from "zod";
import { MAX_RATE_LIMIT } from "../access/index.ts";
import { Secret } from "../kernel/index.ts";

export const timeSchema = z.iso.datetime().describe("RFC 3339, UTC");
export const nullableTime = timeSchema.nullable();

interface Range {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** For `refine`, with what it says: an input's range of time does not end before it begins. */
export const isRange = ({ since, until }: Range): boolean =>
  since === undefined || until === undefined || Date.parse(since) <= Date.parse(until);
export const NO_RANGE = { path: ["until"], message: "must not be before the beginning" };

/** A secret on its way in: a string in the document, a `Secret` from here on. */
export const secretInput = z
  .string()
  .max(16 * 1024)
  .transform((text) => new Secret(text));

export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/,
    "must be 1 to 64 letters, digits, . _ : @ -, beginning with a letter or digit",
  );

export const refSchema = z.string().min(1).max(200).describe("id, connection/name, or an unambiguous name");

export const classSchema = z.enum(["development", "production"]);

/** A limit; `null` ends it. */
export const rateLimitSchema = z.number().int().min(1).max(MAX_RATE_LIMIT);

/** What is limited, as documents show it: `null` = not limited. */
export const rateLimitsSchema = z.object({
  requestsPerMinute: rateLimitSchema.nullable(),
  tokensPerMinute: rateLimitSchema.nullable(),
  requestsPerDay: rateLimitSchema.nullable(),
  tokensPerDay: rateLimitSchema.nullable(),
  concurrency: rateLimitSchema.nullable(),
});

export const rateLimitChangesSchema = rateLimitsSchema.partial();

export const labelSchema = z.string().min(1).max(200);

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item) });
}

export const emptySchema = z.object({});

export const doneSchema = z.object({ done: z.literal(true) });

/** Money as a decimal string of at most nine places; null = unpriced. */
export const costSchema = z.string().nullable();
