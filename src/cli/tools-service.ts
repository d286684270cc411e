import type { CliContext, CommonOptions } from "./context.ts";
import { printable, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import { toAppError } from "../kernel/index.ts";

const WARNING =
  "connected tools fail while Ownkey does not run; start it with your session: ownkey install, then ownkey service install";

/** Tools that are connected fail while nothing runs: the service is offered on a terminal, else there is a warning. */
export async function offerService(
  context: CliContext,
  options: CommonOptions & { readonly yes?: boolean },
): Promise<void> {
  if (await hasService(context)) return;
  const question = "Tools fail while Ownkey does not run. Start it with your session from now on?";
  if (!context.interactive || options.yes || !(await confirm(context, question, "--yes"))) {
    warn(context, WARNING);
    return;
  }
  try {
    await context.programs.install();
    const { lines } = await context.programs.service("install");
    context.stdout.write(`${lines.map(printable).join("\n")}\n`);
  } catch (error) {
    const { message, hint } = toAppError(error);
    warn(context, [message, hint].filter((part) => part !== undefined).join("; "));
  }
}

async function hasService(context: CliContext): Promise<boolean> {
  try {
    const { document } = await context.programs.service("status");
    return document["installed"] === true;
  } catch {
    // No service manager: the advice all the same.
    return false;
  }
}
