/**
 * A stray variable that beats the managed way of getting a key: the tool then silently uses a key that nobody limits,
 * counts or rotates. Each row says what is managed, and which variables its tool takes before it.
 */
import type { Finding } from "../finding.ts";
import { isNear } from "./base-url.ts";
import { isOfSession } from "./base-url-conflict.ts";
import { dottedName, type Entry, nameOf } from "./entry.ts";
import { settingFinding } from "./setting-finding.ts";
import type { SettingsFile } from "./settings-file.ts";

interface Rank {
  readonly tool: string;
  /** Whether this setting is the managed one. */
  readonly manages: (entry: Entry) => boolean;
  readonly what: string;
  readonly outrankedBy: readonly string[];
}

const RANKS: readonly Rank[] = [
  {
    tool: "claude-code",
    manages: (entry) => dottedName(entry) === "apiKeyHelper",
    what: "Claude Code's apiKeyHelper",
    outrankedBy: [
      "ANTHROPIC_AUTH_TOKEN",
      "ANTHROPIC_API_KEY",
      "CLAUDE_CODE_USE_BEDROCK",
      "CLAUDE_CODE_USE_VERTEX",
      "CLAUDE_CODE_USE_FOUNDRY",
    ],
  },
  {
    tool: "zed",
    manages: (entry) => nameOf(entry) === "api_url" && isNear(URL.parse(entry.value)?.hostname ?? ""),
    what: "the key that Zed keeps in the keychain for the gateway",
    outrankedBy: [
      "OPENAI_API_KEY",
      "ANTHROPIC_API_KEY",
      "GEMINI_API_KEY",
      "GOOGLE_API_KEY",
      "GATEWAY_API_KEY",
    ],
  },
  {
    tool: "goose",
    manages: (entry) =>
      ["OPENAI_HOST", "ANTHROPIC_HOST"].includes(nameOf(entry)) &&
      isNear(URL.parse(entry.value)?.hostname ?? ""),
    what: "Goose's host and key",
    outrankedBy: ["OPENAI_HOST", "ANTHROPIC_HOST", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"],
  },
  {
    tool: "aider",
    manages: (entry) => ["openai-api-key", "anthropic-api-key"].includes(nameOf(entry)),
    what: "aider's own key",
    outrankedBy: ["AIDER_OPENAI_API_KEY", "AIDER_ANTHROPIC_API_KEY"],
  },
];

export function checkOutranked(files: readonly SettingsFile[]): Finding[] {
  return [
    ...RANKS.flatMap((rank) => outrankedBy(rank, files)),
    ...geminiNames(files),
    ...copilotCommand(files),
  ];
}

function outrankedBy(
  { tool, manages, what, outrankedBy: names }: Rank,
  files: readonly SettingsFile[],
): Finding[] {
  const managed = files.some((file) => file.tool === tool && file.entries.some(manages));
  if (!managed) return [];
  return variablesSeenBy(tool, files)
    .filter(({ entry }) => names.includes(nameOf(entry)) && isStray(entry))
    .map(({ file, entry }) =>
      settingFinding(file, entry, {
        rule: "outranked",
        severity: "medium",
        title: `"${nameOf(entry)}" is set and wins over ${what}: that key is used instead, unlimited and uncounted`,
        fix: takeOut(file, entry),
      }),
    );
}

/** google-genai takes GOOGLE_API_KEY before GEMINI_API_KEY. */
function geminiNames(files: readonly SettingsFile[]): Finding[] {
  const all = variablesSeenBy("gemini-cli", files);
  const gemini = all.find(({ entry }) => nameOf(entry) === "GEMINI_API_KEY" && isStray(entry));
  const google = all.find(({ entry }) => nameOf(entry) === "GOOGLE_API_KEY" && isStray(entry));
  if (!gemini || !google || gemini.entry.value === google.entry.value) return [];
  return [
    settingFinding(google.file, google.entry, {
      rule: "outranked",
      severity: "low",
      title: `"GOOGLE_API_KEY" and "GEMINI_API_KEY" hold two keys: Google's SDK takes the first, the Gemini CLI the second`,
      fix: takeOut(google.file, google.entry),
    }),
  ];
}

function copilotCommand(files: readonly SettingsFile[]): Finding[] {
  const all = variablesSeenBy("copilot-cli", files);
  const managed = all.some(({ entry }) => nameOf(entry) === "COPILOT_PROVIDER_API_KEY_COMMAND");
  const stray = all.find(
    ({ entry }) =>
      ["COPILOT_PROVIDER_API_KEY", "COPILOT_PROVIDER_BEARER_TOKEN"].includes(nameOf(entry)) && isStray(entry),
  );
  if (!managed || !stray) return [];
  return [
    settingFinding(stray.file, stray.entry, {
      rule: "outranked",
      severity: "medium",
      title: `"${nameOf(stray.entry)}" is set beside COPILOT_PROVIDER_API_KEY_COMMAND: a fixed key stands where the command should give one`,
      fix: takeOut(stray.file, stray.entry),
    }),
  ];
}

/** Variables of the session, and those that the tool's own settings set for it. */
function variablesSeenBy(
  tool: string,
  files: readonly SettingsFile[],
): { file: SettingsFile; entry: Entry }[] {
  return files
    .filter((file) => isOfSession(file) || file.tool === tool)
    .flatMap((file) => file.entries.map((entry) => ({ file, entry })))
    .filter(
      ({ file, entry }) => isOfSession(file) || entry.path.at(-2) === "env" || file.format === "dotenv",
    );
}

/** Set to something, and not to one of Ownkey's own keys. */
function isStray({ value }: Entry): boolean {
  return value !== "" && value !== "0" && !value.startsWith("sk-ownkey-");
}

function takeOut(file: SettingsFile, entry: Entry): string {
  if (file.path === "environment") return `unset ${nameOf(entry)}, and take it out of the file that sets it`;
  return `take "${nameOf(entry)}" out of ${file.path} at line ${entry.line}, then open a new terminal`;
}
