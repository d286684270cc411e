import type { EventEmitter } from "node:events";
import { Command, CommanderError } from "commander";
import { AppError, errorDocument, maskSecrets, toAppError, VERSION } from "../kernel/index.ts";
import { commandsFor } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { example } from "./options.ts";
import { jsonText, paint, terminalText } from "./output.ts";
import type { Register } from "./register.ts";
import { refuseSecretArguments } from "./secret-arguments.ts";

/** Parses, runs one command, prints its error if it fails, and gives the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const exit = { code: 0 };
  const { words, json } = jsonLast(argv);
  // The parser's complaints are held back: with --json they become a document like any other error.
  const complaints: string[] = [];
  const quiet = json
    ? { ...context, stderr: { write: (text: string) => void complaints.push(text) } }
    : context;
  try {
    refuseSecretArguments(ownWords(argv));
    const program = buildProgram(await commandsFor(words), context, { exit, output: quiet });
    await program.parseAsync(words, { from: "user" });
    return exit.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return printError(context, toAppError(error), json);
    if (error.exitCode === 0) return 0;
    const usage = new AppError("usage", usageMessage(error), { hint: "add --help for help" });
    return json ? printError(context, usage, true) : usage.exitCode;
  }
}

/** Without the words that belong to the program that `run` starts: they are its own affair. */
function ownWords(argv: readonly string[]): readonly string[] {
  return argv[0] === "run" && argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
}

/** The whole command tree, to be read. */
export async function wholeProgram(context: CliContext): Promise<Command> {
  return buildProgram(await commandsFor([]), context, { exit: { code: 0 }, output: context });
}

interface ParserOptions {
  readonly exit: { code: number };
  /** Where the parser writes its help and complaints. */
  readonly output: Pick<CliContext, "stdout" | "stderr" | "colour">;
}

function buildProgram(
  commands: readonly Register[],
  context: CliContext,
  { exit, output }: ParserOptions,
): Command {
  const program = new Command("ownkey")
    .description(
      "Owns your AI provider keys: keeps them encrypted, lends them to tools, counts what they spend.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showHelpAfterError("(add --help for help)")
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const register of commands) register(program, context, exit);
  settleAll(program, output, "ownkey");
  return program;
}

/** Errors are thrown instead of ending the process, and written where the context says. */
function settleAll(
  command: Command,
  output: Pick<CliContext, "stdout" | "stderr" | "colour">,
  path: string,
): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => output.stdout.write(text),
    writeErr: (text) => output.stderr.write(terminalText(maskSecrets(text))),
    getOutHasColors: () => output.colour,
    getErrHasColors: () => output.colour,
  });
  if (command.commands.length === 0) settleLeaf(command, path);
  for (const child of command.commands) settleAll(child, output, `${path} ${child.name()}`);
}

/** What every command has: `--json`, unless it prints a script, and an example, the plainest if it brings none. */
function settleLeaf(command: Command, path: string): void {
  if (command.name() !== "completion") command.option("--json", "print one JSON document");
  // A Command is an EventEmitter, and text after the help a listener; its types tell neither.
  if ((command as unknown as EventEmitter).listenerCount("afterHelp") === 0)
    command.addHelpText("after", example(path));
}

/** `--json` may stand anywhere: the command it belongs to is known only at the end. */
function jsonLast(argv: readonly string[]): { words: string[]; json: boolean } {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const options = argv.slice(0, end);
  const json = options.includes("--json");
  const others = options.filter((word) => word !== "--json");
  return { words: [...others, ...(json ? ["--json"] : []), ...argv.slice(end)], json };
}

function usageMessage({ code, message }: CommanderError): string {
  return code === "commander.help" ? "a command is missing" : maskSecrets(message.replace(/^error: /, ""));
}

export function printError(context: CliContext, error: AppError, json: boolean): number {
  const { stderr, environment } = context;
  if (json) {
    stderr.write(`${jsonText(errorDocument(error))}\n`);
    return error.exitCode;
  }
  stderr.write(`${paint(context, "red", "error:")} ${terminalText(error.message)}\n`);
  if (error.hint !== undefined) stderr.write(`  ${terminalText(error.hint)}\n`);
  const { cause } = error;
  if (error.code === "internal" && cause instanceof Error && environment["OWNKEY_LOG"] === "debug") {
    stderr.write(`${terminalText(maskSecrets(cause.stack ?? cause.message))}\n`);
  }
  return error.exitCode;
}
