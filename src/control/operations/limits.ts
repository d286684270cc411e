import { z } from "zod";
import { type Caller, RATE_LIMIT_NAMES, type RateLimitChanges } from "../../access/index.ts";
import { AppError } from "../../kernel/index.ts";
import { subjectOf } from "../budget-documents.ts";
import type { Control } from "../control.ts";
import { keyLimitsDocument, type LimitsDocument, limitsSchema, ruleDocument } from "../limits-documents.ts";
import { loadNames } from "../names.ts";
import { operation } from "../operation.ts";
import { doneSchema, emptySchema, listOf, rateLimitChangesSchema } from "../schemas.ts";

const subjectSchema = z
  .string()
  .min(1)
  .max(210)
  .describe("everything, vk:NAME, user:…, team:…, project:…, tool:…, connection:NAME, model:PATTERN");

export const set = operation({
  name: "limits.set",
  summary: "Limit how much a subject may ask for",
  place: "anywhere",
  input: z.object({ subject: subjectSchema, rateLimits: rateLimitChangesSchema }),
  output: limitsSchema,
  async run(control, caller, { subject: text, rateLimits: changes }) {
    const { subject, subjectName } = await subjectOf(control, text);
    if (subject.kind === "vk") return await setKey(control, caller, subject.value, changes);
    const rule = await control.limits.set(caller, { subject, name: subjectName, changes });
    return ruleDocument(rule, await loadNames(control));
  },
});

export const list = operation({
  name: "limits.list",
  summary: "All rate limits, those of virtual keys included",
  place: "anywhere",
  withoutHome: true,
  input: emptySchema,
  output: listOf(limitsSchema),
  async run(control) {
    const names = await loadNames(control);
    const { rules, damaged } = await control.limits.list();
    const keys = (await control.virtualKeys.list()).filter(
      ({ state, policy }) => state !== "revoked" && policy.rateLimits !== null,
    );
    return {
      items: [
        ...rules.map((rule) => ruleDocument(rule, names)),
        ...damaged.map((rule) => ruleDocument(rule, names, "damaged")),
        ...keys.map(keyLimitsDocument),
      ].sort((a, b) => (a.subject < b.subject ? -1 : 1)),
    };
  },
});

export const show = operation({
  name: "limits.show",
  summary: "The rate limits of one subject",
  place: "anywhere",
  withoutHome: true,
  input: z.object({ subject: subjectSchema }),
  output: limitsSchema,
  async run(control, _caller, { subject: text }) {
    const { subject } = await subjectOf(control, text);
    if (subject.kind !== "vk") {
      return ruleDocument(await control.limits.of(subject), await loadNames(control));
    }
    const key = await control.virtualKeys.resolve(subject.value);
    if (key.policy.rateLimits === null) throw noLimits();
    return keyLimitsDocument(key);
  },
});

export const remove = operation({
  name: "limits.remove",
  summary: "End the rate limits of a subject",
  place: "anywhere",
  input: z.object({ subject: subjectSchema }),
  output: doneSchema,
  async run(control, caller, { subject: text }) {
    const { subject, subjectName } = await subjectOf(control, text);
    if (subject.kind === "vk") {
      const key = await control.virtualKeys.resolve(subject.value);
      if (key.policy.rateLimits === null) throw noLimits();
      const none = Object.fromEntries(RATE_LIMIT_NAMES.map((name) => [name, null]));
      await control.virtualKeys.set(caller, key.id, { rateLimits: none });
    } else await control.limits.remove(caller, { subject, name: subjectName });
    return { done: true as const };
  },
});

async function setKey(
  control: Control,
  caller: Caller,
  id: string,
  rateLimits: RateLimitChanges,
): Promise<LimitsDocument> {
  return keyLimitsDocument(await control.virtualKeys.set(caller, id, { rateLimits }));
}

function noLimits(): AppError {
  return new AppError("not_found", "this virtual key has no rate limits", {
    hint: "run: ownkey limits list",
  });
}
