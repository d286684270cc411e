import { type SettingDeclaration, SETTINGS } from "../../src/config.ts";
import { code, document, heading, table } from "./markdown.ts";

const INTRODUCTION = `
The value in force is the first of: command line, variable, \`config.jsonc\` in the home, default. \`ownkey config list\`
shows each value and where it comes from; \`ownkey config set NAME VALUE\` writes to \`config.jsonc\` and keeps its comments.
A program that runs takes a change at its next start.`;

const PLACES = `
## Where Ownkey keeps its files

\`OWNKEY_HOME\` names the private folder; the default is \`~/.ownkey\`. It has mode 0700, its files 0600; a folder that
others can read is refused with the command that mends it. What is in it: [architecture](architecture.md#processes-and-files).

\`NO_COLOR\` (any value) turns colour off.`;

export function settingsReference(): string {
  const declarations: readonly SettingDeclaration[] = SETTINGS;
  const rows = declarations.map((one) => [
    code(one.name),
    typeOf(one),
    defaultOf(one),
    code(one.variable ?? ""),
    one.secret ? `${one.help} May hold a password, so it is taken from the variable only.` : one.help,
  ]);
  return document(
    heading("Settings"),
    INTRODUCTION,
    table(["Name", "Type", "Default", "Variable", ""], rows),
    PLACES,
  );
}

function typeOf({ type, choices, minimum, maximum }: SettingDeclaration): string {
  if (type === "choice") return (choices ?? []).map(code).join(", ");
  if (type === "integer" && minimum !== undefined) return `integer, ${minimum} to ${maximum ?? "∞"}`;
  return type;
}

function defaultOf({ default: value }: SettingDeclaration): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return "none";
  return code(String(value));
}
