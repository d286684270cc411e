import { AppError } from "../kernel/index.ts";
import type { CliContext } from "./context.ts";

/** Asks for a secret without showing it. @throws AppError `usage` when nobody is there to be asked. */
export async function askSecret(context: CliContext, message: string, otherwise: string): Promise<string> {
  assertInteractive(context, message, otherwise);
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({ message, mask: "•" });
  return isCancel(answer) ? cancel() : answer;
}

/** Asks yes or no; no is the answer that changes nothing. */
export async function confirm(context: CliContext, message: string, otherwise: string): Promise<boolean> {
  assertInteractive(context, message, otherwise);
  const prompts = await import("@clack/prompts");
  const answer = await prompts.confirm({ message, initialValue: false });
  return prompts.isCancel(answer) ? cancel() : answer;
}

function assertInteractive(context: CliContext, message: string, otherwise: string): void {
  if (context.interactive) return;
  throw new AppError("usage", `there is no terminal to ask on: "${message.replace(/:$/, "")}"`, {
    hint: otherwise.startsWith("--") ? `use ${otherwise}` : otherwise,
  });
}

function cancel(): never {
  throw new AppError("cancelled", "cancelled; nothing was changed");
}
