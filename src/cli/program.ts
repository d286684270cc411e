import type { EventEmitter } from "node:events";
import { Command, CommanderError } from "commander";
import {
  type AppError,
  ERROR_CODES,
  errorDocument,
  maskSecrets,
  toAppError,
  VERSION,
} from "../kernel/index.ts";
import { commandsFor } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { example } from "./options.ts";
import { jsonText, paint, printable, terminalText } from "./output.ts";
import type { Register } from "./register.ts";
import { refuseSecretArguments } from "./secret-arguments.ts";
import { argumentsOf, inOptionsWords, usageError } from "./usage-error.ts";

/** Parses, runs one command, prints its error if it fails, and gives the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const exit = { code: 0 };
  const { words, json } = withoutJson(argv);
  let running: Command | undefined;
  try {
    refuseSecretArguments(ownWords(argv));
    const asked = words[0] === "help" ? words.slice(1) : undefined;
    const program = buildProgram(await commandsFor(asked ?? words), context, { exit, output: context, json });
    if (asked) {
      commandNamed(program, asked).outputHelp();
      return 0;
    }
    program.hook("preAction", (_program, command) => {
      running = command;
      if (json) askForJson(command);
    });
    await program.parseAsync(words, { from: "user" });
    return exit.code;
  } catch (error) {
    // Help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ERROR_CODES.usage.exit;
    const known = toAppError(error);
    return printError(context, running ? inOptionsWords(known, running) : known, json);
  }
}

/** For `help keys add`: the parser's own help knows one word only. @throws AppError `usage`. */
function commandNamed(program: Command, words: readonly string[]): Command {
  return words.reduce(
    (command, word) =>
      command.commands.find((child) => child.name() === word) ??
      command.error(`error: unknown command '${word}'`, { code: "commander.unknownCommand" }),
    program,
  );
}

/** Without the words that belong to the program that `run` starts: they are its own affair. */
function ownWords(argv: readonly string[]): readonly string[] {
  return argv[0] === "run" && argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
}

/** The whole command tree, to be read. */
export async function wholeProgram(context: CliContext): Promise<Command> {
  return buildProgram(await commandsFor([]), context, { exit: { code: 0 }, output: context, json: false });
}

interface ParserOptions {
  readonly exit: { code: number };
  /** Where the parser writes its help. */
  readonly output: Pick<CliContext, "stdout" | "stderr" | "colour">;
  /** A document is wanted: help is no answer to a mistake. */
  readonly json: boolean;
}

function buildProgram(
  commands: readonly Register[],
  context: CliContext,
  { exit, ...options }: ParserOptions,
): Command {
  const program = new Command("ownkey")
    .description(
      "Owns your AI provider keys: keeps them encrypted, lends them to tools, counts what they spend.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command...]", "show the help of a command")
    .configureHelp({ subcommandTerm: termOf })
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const register of commands) register(program, context, exit);
  settleAll(program, options, "ownkey");
  return program;
}

/** Errors are thrown instead of ending the process or being printed; help is written where the context says. */
function settleAll(command: Command, options: Omit<ParserOptions, "exit">, path: string): void {
  const { output, json } = options;
  command.exitOverride((error) => {
    throw isHelp(error, json) ? error : usageError(error, command);
  });
  command.configureOutput({
    outputError: () => {},
    writeOut: (text) => output.stdout.write(text),
    writeErr: (text) => json || output.stderr.write(text),
    getOutHasColors: () => output.colour,
    getErrHasColors: () => output.colour,
  });
  if (command.commands.length === 0) settleLeaf(command, path);
  for (const child of command.commands) settleAll(child, options, `${path} ${child.name()}`);
}

/** A command in a list of them: `keys`, `add <provider>`. */
function termOf(command: Command): string {
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  return isGroup ? command.name() : `${command.name()} ${argumentsOf(command)}`.trim();
}

/**
 * What every command has: `--json`, unless it has one of its own or prints a script, and an example, the plainest if it
 * brings none.
 */
function settleLeaf(command: Command, path: string): void {
  // It only catches what must not be given.
  command.usage(command.usage().replace(" [rest...]", ""));
  const hasJson = command.options.some(({ long }) => long === "--json");
  if (!hasJson && command.name() !== "completion") command.option("--json", "print one JSON document");
  // A Command is an EventEmitter, and text after the help a listener; its types tell neither.
  if ((command as unknown as EventEmitter).listenerCount("afterHelp") === 0)
    command.addHelpText("after", example(path));
}

/** `--json` may stand anywhere: the command it belongs to is known only when the rest has been parsed. */
function withoutJson(argv: readonly string[]): { words: string[]; json: boolean } {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const options = argv.slice(0, end);
  const others = options.filter((word) => word !== "--json");
  return { words: [...others, ...argv.slice(end)], json: others.length < options.length };
}

/** @throws CommanderError when the command has no such option. */
function askForJson(command: Command): void {
  if (command.options.some(({ long }) => long === "--json")) command.setOptionValue("json", true);
  else command.error("error: unknown option '--json'", { code: "commander.unknownOption" });
}

/** It was asked for, or it is the answer to a command without its verb. */
function isHelp({ code, exitCode }: CommanderError, json: boolean): boolean {
  return exitCode === 0 || (code === "commander.help" && !json);
}

export function printError(context: CliContext, error: AppError, json: boolean): number {
  const { stderr, environment } = context;
  if (json) {
    stderr.write(`${jsonText(errorDocument(error))}\n`);
    return error.exitCode;
  }
  stderr.write(`${paint(context, "red", "error:")} ${printable(error.message)}\n`);
  if (error.hint !== undefined) stderr.write(`  ${terminalText(error.hint)}\n`);
  const { cause } = error;
  if (error.code === "internal" && cause instanceof Error && environment["OWNKEY_LOG"] === "debug") {
    stderr.write(`${terminalText(maskSecrets(cause.stack ?? cause.message))}\n`);
  }
  return error.exitCode;
}
