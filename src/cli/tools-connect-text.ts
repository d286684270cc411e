import type * as tools from "../control/operations/tools.ts";
import type { CliContext } from "./context.ts";
import { paint, printable, shortTime } from "./output.ts";
import { diffText } from "./tools-diff.ts";
import { shortPath } from "./wording.ts";

export type Plan = Awaited<ReturnType<typeof tools.plan.run>>;
export type Connected = Awaited<ReturnType<typeof tools.connect.run>>;

/** What connecting would do; the steps are told when there is something to enter. */
export function planText(context: CliContext, plan: Plan, { withSteps }: { withSteps: boolean }): string {
  return [
    `${paint(context, "bold", plan.name)} → connection ${plan.connection}`,
    ...plan.limits.map((limit) => `  ! ${limit}`),
    ...(plan.bySubscription
      ? ["  ! it is signed in and paid by subscription: connecting moves it to metered use"]
      : []),
    ...(plan.program === null || plan.program.isThere
      ? []
      : [
          `  + ${printable(shortPath(context, plan.program.path))}: the command that its settings name (ownkey install)`,
        ]),
    ...(plan.files.length > 0 || plan.steps.length === 0 ? [diffText(context, plan.files)] : []),
    ...keyLimits(plan),
    ...(withSteps ? stepsText(plan.steps) : []),
    ...plan.notes.map((note) => `  note: ${printable(note)}`),
  ].join("\n");
}

export function connectedText(context: CliContext, connected: Connected): string {
  const done =
    connected.files.length === 0
      ? `the virtual key ${connected.virtualKey} is for it`
      : connected.change === null
        ? "nothing had to be changed"
        : `changed; undo with: ownkey tools undo ${connected.change}`;
  return [
    paint(context, "green", done),
    ...stepsText(connected.steps),
    ...(connected.expiresAt === null ? [] : [`  its virtual key ends ${shortTime(connected.expiresAt)} UTC`]),
    ...(connected.restart === null || connected.change === null ? [] : [`  ${connected.restart}`]),
  ].join("\n");
}

export function verifiedText(
  context: CliContext,
  { ok, what, hint }: { readonly ok: boolean; readonly what: string; readonly hint: string | null },
): string {
  if (ok) return paint(context, "green", `works: ${what}`);
  return `${paint(context, "red", `does not work yet: ${what}`)}${hint === null ? "" : `\n  ${hint}`}`;
}

function keyLimits({ budgets, expiresAt }: Plan): string[] {
  const limits = [
    ...budgets.map((budget) => `at most ${budget}`),
    ...(expiresAt === null ? [] : [`until ${shortTime(expiresAt)} UTC`]),
  ];
  return limits.length === 0 ? [] : [`  its virtual key: ${limits.join(", ")}`];
}

/** Values as they are: they are to be copied. */
function stepsText(steps: Plan["steps"]): string[] {
  return steps.flatMap(({ text, values, snippet }, index) => [
    `  ${index + 1}. ${printable(text)}`,
    ...values.map(({ name, value }) => `       ${name}: ${printable(value)}`),
    ...(snippet === null ? [] : ["", ...snippet.split("\n").map((line) => `    ${line}`), ""]),
  ]);
}
