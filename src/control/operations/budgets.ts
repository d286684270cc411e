import { z } from "zod";
import { parseAmount, parseMoney } from "../../budgets/index.ts";
import { AppError, formatTime, formatUsd } from "../../kernel/index.ts";
import {
  amountSchema,
  budgetDocument,
  type BudgetDocument,
  budgetSchema,
  damagedDocument,
  findBudget,
  subjectOf,
} from "../budget-documents.ts";
import { explainDocument } from "../budget-explain-document.ts";
import { explainRequest } from "../budget-explain.ts";
import type { Control } from "../control.ts";
import { loadNames } from "../names.ts";
import { operation } from "../operation.ts";
import { costSchema, doneSchema, emptySchema, listOf, refSchema, timeSchema } from "../schemas.ts";

const budgetRef = z.object({
  ref: z.string().min(1).max(300).describe("id, SUBJECT/PERIOD, or a subject that has one budget"),
});

export const set = operation({
  name: "budget.set",
  summary: "Set what a subject may spend in a period",
  place: "anywhere",
  input: z.object({
    subject: z
      .string()
      .min(1)
      .max(210)
      .describe("everything, vk:NAME, user:…, team:…, project:…, tool:…, connection:NAME, model:PATTERN"),
    amount: amountSchema,
    hard: z.boolean().optional(),
    timeZone: z.string().min(1).max(64).optional(),
    resetDay: z.number().int().min(1).max(31).optional(),
    allow: z
      .array(z.string().min(1).max(100))
      .max(50)
      .optional()
      .describe("fields let through without a bound"),
    spent: z.string().min(1).max(40).optional().describe("known to be spent in this period: 3.20usd"),
  }),
  output: budgetSchema,
  async run(control, caller, { subject, amount, spent, ...settings }) {
    const { limitNanos, unit } = parseAmount(amount);
    const budget = await control.budgets.set(caller, {
      ...settings,
      ...(await subjectOf(control, subject)),
      limitNanos,
      unit,
      spentNanos: spent === undefined ? undefined : parseMoney(spent),
    });
    return budgetDocument(await control.budgets.standing(budget), await loadNames(control));
  },
});

export const list = operation({
  name: "budget.list",
  summary: "All budgets and what is left of them",
  place: "anywhere",
  withoutHome: true,
  input: emptySchema,
  output: listOf(budgetSchema),
  async run(control) {
    return { items: await allDocuments(control) };
  },
});

export const show = operation({
  name: "budget.show",
  summary: "One budget and what is left of it",
  place: "anywhere",
  withoutHome: true,
  input: budgetRef,
  output: budgetSchema,
  async run(control, _caller, { ref }) {
    const { id } = await findBudget(control, ref);
    const found = (await allDocuments(control)).find((document) => document.id === id);
    if (found) return found;
    throw new AppError("not_found", "there is no such budget any more", { hint: "run: ownkey budget list" });
  },
});

export const remove = operation({
  name: "budget.remove",
  summary: "End a budget and forget what it has counted",
  place: "anywhere",
  input: budgetRef,
  output: doneSchema,
  async run(control, caller, { ref }) {
    await control.budgets.remove(caller, (await findBudget(control, ref)).id);
    return { done: true as const };
  },
});

const suspensionSchema = z.object({
  model: z.string(),
  connection: z.string(),
  since: timeSchema,
  reservedUsd: z.string(),
  costUsd: z.string(),
});

export const suspended = operation({
  name: "budget.suspended",
  summary: "Models that hard budgets refuse because one cost more than was proven possible",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: listOf(suspensionSchema),
  async run(control) {
    const names = await loadNames(control);
    const items = (await control.budgets.suspensions()).map((one) => ({
      model: one.model,
      connection: names.connection(one.connectionId),
      since: formatTime(one.sinceMs),
      reservedUsd: formatUsd(one.reservedNanos),
      costUsd: formatUsd(one.costNanos),
    }));
    return { items };
  },
});

export const resume = operation({
  name: "budget.resume",
  summary: "Let a suspended model through hard budgets again",
  place: "anywhere",
  whileLocked: true,
  input: z.object({ model: z.string().min(1).max(300), connection: refSchema.optional() }),
  output: z.object({ model: z.string(), connection: z.string() }),
  async run(control, caller, { model, connection }) {
    const names = await loadNames(control);
    const found = (await control.budgets.suspensions()).filter(
      (one) =>
        one.model === model &&
        (connection === undefined ||
          one.connectionId === connection ||
          names.connection(one.connectionId) === connection),
    );
    const [only, ...others] = found;
    if (!only) {
      throw new AppError("not_found", "this model is not suspended", {
        hint: "run: ownkey budget suspended",
      });
    }
    if (others.length > 0) {
      throw new AppError("ambiguous_name", `the model is suspended at ${found.length} connections`, {
        hint: `say which with --connection: ${found.map((one) => names.connection(one.connectionId)).join(", ")}`,
      });
    }
    await control.budgets.resume(caller, only);
    return { model, connection: names.connection(only.connectionId) };
  },
});

/** Ordered by name. */
async function allDocuments(control: Control): Promise<BudgetDocument[]> {
  await control.running?.tellSpent();
  const names = await loadNames(control);
  const { budgets, damaged } = await control.budgets.list();
  const standings = await control.budgets.standings(budgets);
  return [
    ...standings.map((standing) => budgetDocument(standing, names)),
    ...damaged.map((budget) => damagedDocument(budget, names)),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const explain = operation({
  name: "budget.explain",
  summary: "What a request would hold of the budgets that cover it, and why; nothing is sent",
  // A prompt stays in the process that was given it.
  place: "own-process",
  withoutHome: true,
  input: z.object({
    body: z.string().max(20_000_000).describe("the request's JSON body"),
    vk: refSchema.optional().describe("the virtual key that would send it"),
    route: z.string().min(1).max(500).optional().describe("as tools call it: /v1/chat/completions"),
    connection: refSchema.optional(),
  }),
  output: z.object({
    route: z.string(),
    model: z.string().nullable(),
    connection: z.string(),
    bytes: z.number().int(),
    outcome: z.enum(["sent", "sent_shorter", "refused"]),
    why: z.string(),
    hint: z.string().nullable(),
    hardBudget: z.boolean().describe("false: the sums are those that a hard budget would hold"),
    inputTokens: z.number().int().nullable().describe("at the most"),
    inputUsd: costSchema.describe("at the most"),
    outputTokens: z.number().int().nullable().describe("the limit that the provider would be given"),
    outputUsd: costSchema.describe("at the most, for all answers"),
    outputLimitBy: z.enum(["request", "ownkey"]).nullable(),
    answers: z.number().int().nullable(),
    holdsUsd: costSchema.describe("of each hard budget"),
    leastUsd: costSchema.describe("below it the request is refused"),
    letThrough: z.array(z.string()).describe("fields without a bound that the budgets let through"),
    budgets: z.array(
      z.object({
        name: z.string(),
        hard: z.boolean(),
        leftUsd: costSchema,
        holdsUsd: costSchema,
        enough: z.boolean().nullable().describe("null: it is refused whatever is left"),
      }),
    ),
  }),
  async run(control, _caller, { body, vk, route, connection }) {
    const virtualKey = vk === undefined ? undefined : await control.virtualKeys.resolve(vk);
    const explained = await explainRequest(control, { body, virtualKey, route, connection });
    return explainDocument(explained, await loadNames(control));
  },
});
