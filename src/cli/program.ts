import { Command, CommanderError } from "commander";
import type { AppError } from "../kernel/index.ts";
import { errorDocument, toAppError, VERSION } from "../kernel/index.ts";
import { COMMANDS } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./output.ts";
import { refuseSecretArguments } from "./secret-arguments.ts";

/** Parses, runs one command, prints its error if it fails, and gives the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const exit = { code: 0 };
  try {
    refuseSecretArguments(argv);
    await buildProgram(context, exit).parseAsync(argv, { from: "user" });
    return exit.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printError(context, toAppError(error), argv.includes("--json"));
  }
}

/** The whole command tree; also read by completion and by the generated reference. */
export function buildProgram(context: CliContext, exit: { code: number } = { code: 0 }): Command {
  const program = new Command("ownkey")
    .description(
      "Owns your AI provider keys: keeps them encrypted, lends them to tools, counts what they spend.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showHelpAfterError("(add --help for help)")
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const register of COMMANDS) register(program, context, exit);
  settleAll(program, context);
  return program;
}

/** Errors are thrown instead of ending the process, and written where the context says. */
function settleAll(command: Command, context: CliContext): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => context.stdout.write(text),
    writeErr: (text) => context.stderr.write(text),
    getOutHasColors: () => context.colour,
    getErrHasColors: () => context.colour,
  });
  if (command.commands.length === 0 && command.name() !== "completion") {
    command.option("--json", "print one JSON document");
  }
  for (const child of command.commands) settleAll(child, context);
}

export function printError(context: CliContext, error: AppError, json: boolean): number {
  if (json) {
    context.stderr.write(`${JSON.stringify(errorDocument(error))}\n`);
    return error.exitCode;
  }
  context.stderr.write(`${paint(context, "red", "error:")} ${error.message}\n`);
  if (error.hint !== undefined) context.stderr.write(`  ${error.hint}\n`);
  if (
    error.code === "internal" &&
    error.cause instanceof Error &&
    context.environment["OWNKEY_LOG"] === "debug"
  ) {
    context.stderr.write(`${error.cause.stack ?? error.cause.message}\n`);
  }
  return error.exitCode;
}
