import type { Command, CommanderError } from "commander";
import { AppError, maskSecrets } from "../kernel/index.ts";

/** The parser's complaint in our own words, with what to do; what it names is masked. */
export function usageError(error: CommanderError, command: Command): AppError {
  const text = maskSecrets(error.message.replace(/^error: /, ""));
  const [complaint = "", similar] = text.split(/\n\(Did you mean (?:one of )?(.*)\?\)$/s);
  const [pattern, words] = wordsFor(error.code, command);
  // A group may have an action besides: only where a command is looked for are its commands the answer.
  const isCommand = error.code === "commander.unknownCommand" || error.code === "commander.help";
  const help = helpOf(command, isCommand ? "its commands" : "what it takes");
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
    hint: helpOf(command, "what it takes"),
    details: error.details,
  });
}

/** Options are called as their fields, or shorter: --region for one of `regions`, --vk for `virtualKey`. */
function wordOf(name: string, { options, registeredArguments }: Command): string | undefined {
  const short = name.replace("virtualKey", "vk").replace("VirtualKey", "Vk");
  const option =
    options.find((one) => [name, short].includes(one.attributeName())) ??
    options.find((one) => name.startsWith(one.attributeName()));
  if (option) return option.long;
  return registeredArguments.some((one) => one.name() === name) ? `<${name}>` : undefined;
}

function helpOf(command: Command, what: string): string {
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

/** `<ref> <name>`; empty when there are none. */
export function argumentsOf(command: Command): string {
  return command.usage().replace(/^\[options\] ?(?:\[command\] ?)?/, "");
}

function countOf({ registeredArguments }: Command): string {
  const { length } = registeredArguments;
  return length === 0 ? "no arguments" : length === 1 ? "1 argument" : `${length} arguments`;
}
