import type { Command, CommanderError } from "commander";
import { AppError, maskSecrets } from "../kernel/index.ts";

/** The parser's complaint in our own words, with what to do; what it names is masked. */
export function usageError(error: CommanderError, command: Command): AppError {
  const text = maskSecrets(error.message.replace(/^error: /, ""));
  const [complaint = "", similar] = text.split(/\n\(Did you mean (?:one of )?(.*)\?\)$/s);
  const [pattern, words] = wordsFor(error.code, command);
  const help = helpOf(command);
  const message = complaint.replace(pattern, words).replace(/Allowed choices are (.*)\.$/, "one of $1");
  return new AppError("usage", message, {
    hint: similar === undefined ? help : `did you mean ${similar}? ${help}`,
  });
}

/**
 * What was wrong with an input, with the option or argument that it came from in place of the field's name; other
 * errors as they are.
 */
export function inOptionsWords(error: AppError, command: Command): AppError {
  const field = error.details?.["field"];
  if (error.code !== "invalid_input" || typeof field !== "string") return error;
  const word = field.split(".").flatMap((name) => wordOf(name, command) ?? [])[0];
  return new AppError("invalid_input", word ? error.message.replace(`"${field}"`, word) : error.message, {
    hint: helpOf(command),
    details: error.details,
  });
}

/** Options are called as their fields, or shorter: --region for one of `regions`. */
function wordOf(field: string, { options, registeredArguments }: Command): string | undefined {
  const option =
    options.find((one) => one.attributeName() === field) ??
    options.find((one) => field.startsWith(one.attributeName()));
  if (option) return option.long;
  return registeredArguments.some((one) => one.name() === field) ? `<${field}>` : undefined;
}

function helpOf(command: Command): string {
  const what = command.commands.length > 0 ? "its commands" : "what it takes";
  return `${pathOf(command)} --help shows ${what}`;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** The parser tells what is wrong in its text only: what stands there is put into a text of ours. */
function wordsFor(code: string, command: Command): readonly [pattern: RegExp, words: string] {
  const path = pathOf(command);
  switch (code) {
    case "commander.unknownOption":
      return [/^unknown option '(.*)'$/s, `${path} has no option $1`];
    case "commander.unknownCommand":
      return [/^unknown command '(.*)'$/s, `${path} has no command "$1"`];
    case "commander.missingArgument":
      return [/^missing required argument '(.*)'$/, `<$1> is missing: ${path} ${argumentsOf(command)}`];
    case "commander.missingMandatoryOptionValue":
      return [/^required option '(?:-\w, )?((--\S+).*)' not specified$/, "$2 is missing: $1"];
    case "commander.optionMissingArgument":
      return [/^option '(?:-\w, )?((--\S+).*)' argument missing$/, "$2 needs a value: $1"];
    case "commander.excessArguments":
      return [/^too many arguments.* got (\d+)\.$/, `${path} takes ${countOf(command)}, and was given $1`];
    case "commander.invalidArgument":
      return [/^option '(?:-\w, )?(--\S+).*?' argument '.*' is invalid\. (.*)$/s, "$1 must be $2"];
    case "commander.conflictingOption":
      return [/^option '(--\S+).*' cannot be used with option '(--\S+).*'$/, "$1 and $2 exclude each other"];
    default:
      return [/^.*$/s, "a command is missing"];
  }
}

function argumentsOf(command: Command): string {
  return command.usage().replace("[options] ", "");
}

function countOf({ registeredArguments }: Command): string {
  const { length } = registeredArguments;
  return length === 0 ? "no arguments" : length === 1 ? "1 argument" : `${length} arguments`;
}
