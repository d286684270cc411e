/** Budgets as documents, and the names that people use for what they are of. */
import { z } from "zod";
import {
  type Budget,
  type BudgetStanding,
  formatAmount,
  namedSubject,
  parseSubject,
  PERIOD_UNITS,
  type Subject,
  subjectText,
} from "../budgets/index.ts";
import { AppError, formatTime, formatUsd } from "../kernel/index.ts";
import type { Control } from "./control.ts";
import { loadNames, type Names } from "./names.ts";
import { costSchema, nullableTime, timeSchema } from "./schemas.ts";

export const amountSchema = z
  .string()
  .min(1)
  .max(60)
  .describe("20usd/month, 0.5usd/day, 5usd/week, 100usd/lifetime");

export const budgetSchema = z.object({
  id: z.string(),
  name: z.string().describe("subject and period: vk:laptop/month"),
  subject: z.string(),
  amount: amountSchema,
  hard: z.boolean().describe("true: nothing is sent that could go beyond it; false: spending is watched"),
  timeZone: z.string(),
  resetDay: z.number().int().nullable().describe("of a week 1 = Monday; of a month 1 to 31"),
  allow: z.array(z.string()),
  state: z.enum(["in_force", "used_up", "spent_unknown", "damaged"]),
  spentUsd: costSchema.describe("null = not known"),
  heldUsd: costSchema.describe("in the hands of gateways: reserved, or ready for the next requests"),
  leftUsd: costSchema.describe("not spent; what gateways hold is part of it"),
  periodBegan: nullableTime,
  resetsAt: nullableTime,
  createdAt: timeSchema,
  setAt: timeSchema,
});

export type BudgetDocument = z.output<typeof budgetSchema>;

/** What a virtual key's own document says of its budgets. */
export const ownBudgetSchema = budgetSchema.pick({
  id: true,
  amount: true,
  hard: true,
  state: true,
  spentUsd: true,
  leftUsd: true,
  resetsAt: true,
});

export function budgetDocument(standing: BudgetStanding, names: Names): BudgetDocument {
  const { budget, period, spentNanos, heldNanos, leftNanos, unknown } = standing;
  return {
    ...definitionOf(budget, names),
    state: unknown ? "spent_unknown" : leftNanos <= 0n ? "used_up" : "in_force",
    spentUsd: unknown ? null : formatUsd(spentNanos),
    heldUsd: unknown ? null : formatUsd(heldNanos),
    leftUsd: unknown ? null : formatUsd(leftNanos > 0n ? leftNanos : 0n),
    periodBegan: budget.unit === "lifetime" ? null : formatTime(period.startMs),
    resetsAt: period.endMs === null ? null : formatTime(period.endMs),
  };
}

/** Of a row that was changed outside Ownkey: what it says, which nobody vouches for. */
export function damagedDocument(budget: Budget, names: Names): BudgetDocument {
  const unknown = { spentUsd: null, heldUsd: null, leftUsd: null, periodBegan: null, resetsAt: null };
  return { ...definitionOf(budget, names), ...unknown, state: "damaged" };
}

/** Ids in place of the names of virtual keys and connections. @throws AppError `invalid_input`, `not_found`. */
export async function subjectOf(
  { virtualKeys, connections }: Control,
  text: string,
): Promise<{ subject: Subject; subjectName: string }> {
  const subject = parseSubject(text);
  if (subject.kind === "vk") {
    const { id, name } = await virtualKeys.resolve(subject.value);
    return { subject: { kind: "vk", value: id }, subjectName: `vk:${name}` };
  }
  if (subject.kind === "connection") {
    const { id, name } = await connections.resolve(subject.value);
    return { subject: { kind: "connection", value: id }, subjectName: `connection:${name}` };
  }
  return { subject, subjectName: subjectText(subject) };
}

/**
 * The budget that an id, `SUBJECT/PERIOD`, or a subject with a single budget stands for. Damaged ones are found too.
 * @throws AppError `not_found`, `ambiguous_name`.
 */
export async function findBudget(control: Control, ref: string): Promise<Budget> {
  const names = await loadNames(control);
  const { budgets, damaged } = await control.budgets.list();
  const all = [...budgets, ...damaged];
  const nameNow = (budget: Budget) => `${namedSubject(budget.subject, names)}/${budget.unit}`;
  const written = /^[a-z]+:/.test(ref) || ref.startsWith("everything") ? ref : `vk:${ref}`;
  const unit = PERIOD_UNITS.find((one) => written.endsWith(`/${one}`));
  // A virtual key's name may have been another one's before: the one that has it now is meant.
  const subject = await meantSubject(
    control,
    unit === undefined ? written : written.slice(0, -unit.length - 1),
  );
  const ways: readonly ((budget: Budget) => boolean)[] = [
    ({ id }) => id === ref,
    (budget) =>
      subject !== undefined &&
      subjectText(budget.subject) === subjectText(subject) &&
      (unit === undefined || budget.unit === unit),
    (budget) => nameNow(budget) === written || budget.name === written,
  ];
  for (const way of ways) {
    const [found, ...others] = all.filter(way);
    if (found && others.length === 0) return found;
    if (found) {
      throw new AppError("ambiguous_name", `${others.length + 1} budgets could be meant`, {
        hint: `say which: ${[found, ...others].map(nameNow).join(", ")}, or an id of: ownkey budget list --json`,
      });
    }
  }
  throw new AppError("not_found", "there is no such budget", { hint: "run: ownkey budget list" });
}

async function meantSubject(control: Control, text: string): Promise<Subject | undefined> {
  try {
    return (await subjectOf(control, text)).subject;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function definitionOf(budget: Budget, names: Names) {
  const subject = namedSubject(budget.subject, names);
  return {
    id: budget.id,
    name: `${subject}/${budget.unit}`,
    subject,
    amount: formatAmount(budget),
    hard: budget.hard,
    timeZone: budget.timeZone,
    resetDay: budget.unit === "week" || budget.unit === "month" ? budget.resetDay : null,
    allow: [...budget.allow],
    createdAt: formatTime(budget.createdAtMs),
    setAt: formatTime(budget.setAtMs),
  };
}

/** The budgets of each virtual key, by its id, as its document shows them: the longest period first. */
export async function ownBudgets(
  control: Control,
): Promise<(virtualKeyId: string) => z.output<typeof ownBudgetSchema>[]> {
  await control.running?.tellSpent();
  const { budgets, damaged } = await control.budgets.list();
  const own = ({ subject }: Budget) => subject.kind === "vk";
  const names = await loadNames(control);
  const byKey = new Map<string, BudgetDocument[]>();
  const add = ({ subject }: Budget, document: BudgetDocument) => {
    if (subject.kind !== "vk") return;
    byKey.set(subject.value, [...(byKey.get(subject.value) ?? []), document]);
  };
  for (const standing of await control.budgets.standings(budgets.filter(own))) {
    add(standing.budget, budgetDocument(standing, names));
  }
  for (const budget of damaged.filter(own)) add(budget, damagedDocument(budget, names));
  const order = (unit: string) => PERIOD_UNITS.findIndex((one) => unit.endsWith(one));
  return (id) =>
    (byKey.get(id) ?? [])
      .sort((a, b) => order(b.amount) - order(a.amount))
      .map(({ id: budgetId, amount, hard, state, spentUsd, leftUsd, resetsAt }) => ({
        id: budgetId,
        amount,
        hard,
        state,
        spentUsd,
        leftUsd,
        resetsAt,
      }));
}
