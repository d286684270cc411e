import type { Command, Option } from "commander";
import { commandTree, examplesOf, leaves } from "./command-tree.ts";
import { block, code, document, heading, table } from "./markdown.ts";

const INTRODUCTION = `
\`ownkey <noun> <verb>\`. Every command takes \`--json\`, which prints one JSON document (lists are \`{"items": […]}\`; an
error is \`{"error": {"code", "message", "hint"}}\` on standard error), and \`--help\`. People get tables; colour and
prompts appear on a terminal only. A REF is an id, \`connection/name\`, or a name that is not ambiguous. A time is a date
(\`2027-01-31\`), an RFC 3339 time, or a span such as \`30d\`, \`12h\`, \`10m\`.

A command that only looks makes nothing: where no home was made yet it finds nothing, and says how to begin. The first
one that stores something, or \`ownkey up\`, makes the home and its vault.

A secret is never taken from an argument: other processes can read it there and the shell keeps it. It comes from a
prompt, from standard input, or from a variable that is named. Exit codes: [errors](errors.md#exit-codes).
Settings and variables: [settings](settings.md).`;

/** Every command with its options and examples, from the tree that the program itself parses with. */
export async function cliReference(): Promise<string> {
  const commands = leaves(await commandTree());
  const index = table(
    ["Command", ""],
    commands.map(({ path, command }) => [`[\`${path}\`](#${anchorOf(path)})`, command.description()]),
  );
  return document(heading("Commands"), INTRODUCTION, index, ...commands.map(section));
}

function section({ path, command }: { path: string; command: Command }): string {
  const options = command.options.filter(({ hidden, long, description }) => {
    return !hidden && (long !== "--json" || description !== "print one JSON document");
  });
  const examples = examplesOf(command).map((line) => `$ ${line}`);
  return document(
    `## ${path}`,
    sentence(command.description()),
    block("text", `${path} ${usageOf(command, options.length > 0)}`.trim()),
    options.length === 0 ? "" : table(["Option", ""], options.map(optionRow)),
    examples.length === 0 ? "" : block("sh", examples.join("\n")),
  );
}

/** As `--help` has it, without what every command takes. */
function usageOf(command: Command, hasOptions: boolean): string {
  const usage = command.usage().replace(/ ?\[command\]/, "");
  return hasOptions ? usage : usage.replace(/^\[options\] ?/, "");
}

function optionRow(option: Option): string[] {
  const fallback: unknown = option.negate ? undefined : option.defaultValue;
  const shown = typeof fallback === "string" || typeof fallback === "number" ? `; default ${fallback}` : "";
  const choices = option.argChoices ? `: ${option.argChoices.join(", ")}` : "";
  return [
    code(option.flags),
    `${option.description}${choices}${shown}${option.mandatory ? "; required" : ""}`,
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function anchorOf(path: string): string {
  return path.replaceAll(" ", "-");
}
