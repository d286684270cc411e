import type { CliContext } from "./context.ts";
import { paint, printable } from "./output.ts";

export interface OutcomeDocument {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly status: "ok" | "warn" | "fail" | "skip";
  readonly what: string;
  readonly why?: string | undefined;
  readonly checklist?: readonly ChecklistDocument[] | undefined;
  readonly next?: string | undefined;
  readonly link?: string | undefined;
  readonly fixable?: string | undefined;
  readonly fixed?: string | undefined;
  readonly durationMs: number;
}

export interface ChecklistDocument {
  readonly text: string;
  readonly state: "sound" | "cause" | "open";
}

const COLOURS = { ok: "green", warn: "yellow", fail: "red", skip: "dim" } as const;
const MARKS = { sound: "+", cause: "!", open: "?" } as const;

/** One line for what is fine; for the rest why, what was looked at, and what to do. */
export function doctorText(context: CliContext, outcomes: readonly OutcomeDocument[]): string {
  const groups = Map.groupBy(outcomes, ({ group }) => group);
  const parts = [...groups].map(([group, items]) =>
    [paint(context, "bold", group), ...items.map((outcome) => outcomeText(context, outcome))].join("\n"),
  );
  return [...parts, summary(context, outcomes)].join("\n\n");
}

function outcomeText(context: CliContext, outcome: OutcomeDocument): string {
  const { status, title, what, why, checklist = [], next, link, fixed } = outcome;
  const lines = [
    `  ${paint(context, COLOURS[status], status.padEnd(4))}  ${printable(title)}: ${printable(what)}`,
  ];
  if (fixed !== undefined) lines.push(`        ${paint(context, "green", "fixed")}: ${printable(fixed)}`);
  if (status === "ok") return lines.join("\n");
  if (why !== undefined) lines.push(`        ${printable(why)}`);
  lines.push(...checklistLines(checklist, "        "));
  if (next !== undefined) lines.push(`        ${status === "skip" ? "" : "next: "}${printable(next)}`);
  if (link !== undefined) lines.push(`        see ${printable(link)}`);
  return lines.join("\n");
}

/** `+` looked at and sound, `!` the cause, `?` left for the reader to look at. */
export function checklistLines(checklist: readonly ChecklistDocument[], indent: string): string[] {
  return checklist.map(({ text, state }) => `${indent}${MARKS[state]} ${printable(text)}`);
}

function summary(context: CliContext, outcomes: readonly OutcomeDocument[]): string {
  const count = (status: OutcomeDocument["status"]) =>
    outcomes.filter((outcome) => outcome.status === status).length;
  const [failed, warned] = [count("fail"), count("warn")];
  const fixable = outcomes.filter((outcome) => outcome.fixable !== undefined).length;
  const verdict =
    failed > 0
      ? paint(context, "red", `${failed} of ${outcomes.length} checks failed`)
      : paint(context, "green", `${outcomes.length} checks, none failed`);
  return [
    `${verdict}${warned > 0 ? `, ${warned} ${warned === 1 ? "warns" : "warn"}` : ""}`,
    ...(fixable > 0 ? [`ownkey doctor --fix mends ${fixable === 1 ? "one" : String(fixable)} of them`] : []),
  ].join("\n");
}
