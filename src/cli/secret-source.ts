import type { Command } from "commander";
import { AppError, withoutLineEnd } from "../kernel/index.ts";
import type { CliContext } from "./context.ts";
import { exclusive } from "./options.ts";
import { askSecret, confirm } from "./prompt.ts";

export interface SecretSourceOptions {
  fromEnv?: string;
  stdin?: boolean;
}

/** The ways a secret gets in; an argument is not among them. */
export function secretOptions(command: Command): Command {
  return exclusive(
    command
      .option("--from-env <variable>", "take it from this environment variable")
      .option("--stdin", "read it from standard input"),
    "--from-env",
    "--stdin",
  );
}

export interface WantedSecret {
  /** For the prompt and messages: `openai key`. */
  readonly what: string;
  /** Variables that usually hold it: on a terminal one that is set is offered. */
  readonly variables: readonly string[];
  /** An empty answer is an answer. */
  readonly optional: boolean;
}

/** @throws AppError `usage` when there is nowhere to read it from, `not_found` when the variable is not set. */
export async function readSecret(
  context: CliContext,
  options: SecretSourceOptions,
  { what, variables, optional }: WantedSecret,
): Promise<string> {
  if (options.fromEnv !== undefined) return fromVariable(context, options.fromEnv);
  if (options.stdin) return withoutLineEnd(await context.readStdin());
  if (!context.interactive && optional) return "";
  const present = variables.find((name) => (context.environment[name] ?? "") !== "");
  if (
    context.interactive &&
    present !== undefined &&
    (await confirm(context, `${present} is set. Take it?`, ""))
  ) {
    return fromVariable(context, present);
  }
  return await askSecret(context, `The ${what}:`, "give it with --stdin or --from-env VAR");
}

function fromVariable(context: CliContext, name: string): string {
  const value = context.environment[name];
  if (value !== undefined && value !== "") return value;
  throw new AppError("not_found", `the variable ${name} is not set`, {
    hint: "export it, or use --stdin or the prompt",
  });
}
