import type { CliContext } from "./context.ts";

/** What operations on tools have to know of the shell in which the command was given. */
export function shellOf(context: CliContext): {
  environment: Record<string, string | undefined>;
  workingDirectory: string;
} {
  return { environment: { ...context.environment }, workingDirectory: context.workingDirectory };
}
