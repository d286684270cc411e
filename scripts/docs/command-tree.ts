import type { Command } from "commander";
import { type CliContext, wholeProgram } from "../../src/cli/index.ts";

/** The commands as `--help` knows them, for reading only. */
export function commandTree(): Promise<Command> {
  return wholeProgram(READING);
}

/** Every command that does something, depth first, with the words that call it: `ownkey keys add`. */
export function leaves(command: Command, path = command.name()): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }];
  const below = command.commands.flatMap((child) => leaves(child, `${path} ${child.name()}`));
  // A group that does something by itself has options or arguments; the others have none.
  const acts =
    command.registeredArguments.length > 0 || (command.parent !== null && command.options.length > 0);
  return acts ? [{ path, command }, ...below] : below;
}

/** The lines behind `$ ` that a command's help ends with. */
export function examplesOf(command: Command): string[] {
  let text = "";
  command.configureOutput({ writeOut: (piece) => (text += piece) });
  command.outputHelp();
  return [...text.matchAll(/^ {2}\$ (.+)$/gm)].map((match) => match[1] ?? "");
}

/** All that building the tree and printing its help ask for; what commands ask for is never reached. */
const READING = {
  stdout: { write: () => {} },
  stderr: { write: () => {} },
  interactive: false,
  colour: false,
} as unknown as CliContext;
