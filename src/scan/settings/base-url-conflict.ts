import type { Finding } from "../finding.ts";
import { type Entry, nameOf } from "./entry.ts";
import { settingFinding } from "./setting-finding.ts";
import type { SettingsFile } from "./settings-file.ts";

/** Names that mean the same to different libraries. */
const SAME_MEANING: readonly (readonly string[])[] = [
  ["OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_BASE_URL"],
  ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL"],
  ["GOOGLE_GEMINI_BASE_URL", "GEMINI_BASE_URL"],
  ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "AZURE_API_BASE"],
];

interface Setting {
  readonly file: SettingsFile;
  readonly entry: Entry;
}

/**
 * Base-URL variables that contradict each other where one program sees them all: in the session (environment and shell
 * files together), or in one file. Which one wins depends on the library, so that requests go to two places.
 */
export function checkBaseUrlConflicts(files: readonly SettingsFile[]): Finding[] {
  const session = files.filter(isOfSession);
  const alone = files.filter((file) => !isOfSession(file)).map((file) => [file]);
  return [session, ...alone].flatMap((together) => [
    ...SAME_MEANING.flatMap((names) => contradictions(together, names)),
    ...azureBesideOpenAi(together),
  ]);
}

/** Whether a program started by this user sees the variables of the file. */
export function isOfSession({ tool, scope, format, path }: SettingsFile): boolean {
  return (
    scope !== "project" &&
    (path === "environment" || (tool === "shell" && format === "shell") || tool === "system")
  );
}

function contradictions(files: readonly SettingsFile[], names: readonly string[]): Finding[] {
  const [first, ...rest] = settingsNamed(files, names);
  const other = first && rest.find(({ entry }) => hostOf(entry.value) !== hostOf(first.entry.value));
  if (!first || !other) return [];
  const [one, two] = [nameOf(first.entry), nameOf(other.entry)];
  const where = other.file.path === first.file.path ? "" : ` (${first.file.path})`;
  return [
    settingFinding(other.file, other.entry, {
      rule: "base-url-conflict",
      severity: "medium",
      title:
        one === two
          ? `"${one}" is set to two hosts, ${hostOf(first.entry.value)}${where} and ${hostOf(other.entry.value)}: where your key goes depends on how a program was started`
          : `"${one}"${where} and "${two}" name two hosts, ${hostOf(first.entry.value)} and ${hostOf(other.entry.value)}: where your key goes depends on the library`,
      fix: `keep one of them: take "${two}" out of ${other.file.path} at line ${other.entry.line}`,
    }),
  ];
}

/** The AzureOpenAI clients refuse to start with both. */
function azureBesideOpenAi(files: readonly SettingsFile[]): Finding[] {
  const [azure] = settingsNamed(files, ["AZURE_OPENAI_ENDPOINT"]);
  const [openai] = settingsNamed(files, ["OPENAI_BASE_URL"]);
  if (!azure || !openai) return [];
  return [
    settingFinding(openai.file, openai.entry, {
      rule: "base-url-conflict",
      severity: "low",
      title: `"OPENAI_BASE_URL" is set beside "AZURE_OPENAI_ENDPOINT": the AzureOpenAI clients refuse both at once`,
      fix: `take "OPENAI_BASE_URL" out of ${openai.file.path} at line ${openai.entry.line}, or set it only for the programs that need it`,
    }),
  ];
}

function settingsNamed(files: readonly SettingsFile[], names: readonly string[]): Setting[] {
  return files.flatMap((file) =>
    file.entries
      .filter((entry) => names.includes(nameOf(entry)) && hostOf(entry.value) !== undefined)
      .map((entry) => ({ file, entry })),
  );
}

/** Host and port; `undefined` for references such as `$OTHER`. */
function hostOf(value: string): string | undefined {
  return /^https?:\/\//i.test(value) ? URL.parse(value)?.host : undefined;
}
