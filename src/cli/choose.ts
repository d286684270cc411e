import { AppError } from "../kernel/index.ts";
import type { CliContext } from "./context.ts";
import { printable } from "./output.ts";

export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** Has a person pick from a list in which all are picked at first. @throws AppError `usage` when nobody is there. */
export async function chooseSome<Value>(
  context: CliContext,
  message: string,
  choices: readonly Choice<Value>[],
): Promise<Value[]> {
  assertInteractive(context, message);
  const { isCancel, multiselect } = await import("@clack/prompts");
  const answer = await multiselect({
    message: `${message} (space changes, enter goes on)`,
    options: choices.map((choice, index) => optionOf(choice, index)),
    initialValues: choices.map((_, index) => index),
    required: false,
  });
  if (isCancel(answer)) throw cancelled();
  return answer.flatMap((index) => choices[index]?.value ?? []);
}

/** Has a person pick one. @throws AppError `usage` when nobody is there. */
export async function chooseOne<Value>(
  context: CliContext,
  message: string,
  choices: readonly Choice<Value>[],
): Promise<Value> {
  assertInteractive(context, message);
  const { isCancel, select } = await import("@clack/prompts");
  const answer = await select({
    message,
    options: choices.map((choice, index) => optionOf(choice, index)),
  });
  const chosen = isCancel(answer) ? undefined : choices[answer];
  if (!chosen) throw cancelled();
  return chosen.value;
}

/** Asks for a line of text that is no secret. */
export async function askText(context: CliContext, message: string, usual: string): Promise<string> {
  assertInteractive(context, message);
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({ message, initialValue: usual });
  if (isCancel(answer)) throw cancelled();
  return answer.trim();
}

function optionOf<Value>({ label, hint }: Choice<Value>, index: number) {
  return { value: index, label: printable(label), ...(hint === undefined ? {} : { hint: printable(hint) }) };
}

function assertInteractive(context: CliContext, message: string): void {
  if (context.interactive) return;
  throw new AppError("usage", `there is no terminal to ask on: "${message.replace(/:$/, "")}"`, {
    hint: "--yes takes all of it, --dry-run shows what would be done",
  });
}

function cancelled(): AppError {
  return new AppError("cancelled", "cancelled; nothing more was changed");
}
