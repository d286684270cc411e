import { isJsonObject } from "../../kernel/index.ts";
import { type ToolAdapter, tokenCommandLine, toolUrl } from "../adapter.ts";
import type { ValueEdit } from "../edit/editor.ts";
import { foldersOf } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";

/** How often it runs the command; a token lives an hour. */
const COMMAND_EVERY_MS = "300000";

const KEY_VARIABLES = ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"] as const;
/** Any of them sends requests to a cloud instead, past base URL and key. */
const CLOUDS = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"] as const;

export const claudeCode: ToolAdapter = {
  id: "claude-code",
  name: "Claude Code",
  program: "claude",
  traits: {
    styles: [{ wire: "messages", path: "/v1/messages?beta=true", credential: "both" }],
    takes: "command",
    refreshesToken: true,
    restart: "start Claude Code again; /status shows what it uses",
    usualUrl: "https://api.anthropic.com",
  },
  sources,
  plan(machine, target) {
    const { user } = placesOf(machine);
    const edits: ValueEdit[] = [
      { at: ["apiKeyHelper"], value: tokenCommandLine(target, "claude-code") },
      { at: ["env", "ANTHROPIC_BASE_URL"], value: toolUrl(target, "claude-code") },
      { at: ["env", "CLAUDE_CODE_API_KEY_HELPER_TTL_MS"], value: COMMAND_EVERY_MS },
      // They come before the command.
      ...KEY_VARIABLES.map((name) => ({ at: ["env", name], value: undefined })),
    ];
    return {
      files: [{ path: user, format: "jsonc", edits, makePrivate: true }],
      steps: [],
      notes: ["Claude Code's extension for VS Code does not reliably follow these settings"],
    };
  },
};

function placesOf(machine: ToolMachine) {
  const { home, join, platform, variable } = foldersOf(machine);
  const folder = variable("CLAUDE_CONFIG_DIR") ?? join(home, ".claude");
  const managed = {
    linux: "/etc/claude-code",
    darwin: "/Library/Application Support/ClaudeCode",
    win32: "C:\\Program Files\\ClaudeCode",
  }[platform];
  const { workingDirectory } = machine;
  const project = workingDirectory === undefined ? undefined : join(workingDirectory, ".claude");
  return {
    user: join(folder, "settings.json"),
    project:
      project === undefined || project === folder
        ? []
        : [join(project, "settings.local.json"), join(project, "settings.json")],
    managed: join(managed, "managed-settings.json"),
    login: join(folder, ".credentials.json"),
    state: join(variable("CLAUDE_CONFIG_DIR") ?? home, ".claude.json"),
  };
}

/**
 * Order by its documentation: managed settings, those of the project, the user's; a setting's `env` sets the variable for the process and so
 * comes before one of the shell. AUTH_TOKEN, then API_KEY, then the command, then the login.
 */
function sources(reader: Sources): Source[] {
  const { user, project, managed, login, state } = placesOf(reader.machine);
  const files = [managed, ...project, user];
  const variable = (what: Source["what"], name: string) => [
    ...files.flatMap((path) => reader.setting(what, { path, format: "jsonc", at: ["env", name] })),
    ...reader.variable(what, name),
  ];
  return [
    ...CLOUDS.flatMap((name) => variable("key", name)).map((source) => ({
      ...source,
      kind: "store" as const,
    })),
    ...KEY_VARIABLES.flatMap((name) => variable("key", name)),
    ...files.flatMap((path) =>
      reader.setting("key", { path, format: "jsonc", at: ["apiKeyHelper"], kind: "command" }),
    ),
    ...reader.variable("key", "CLAUDE_CODE_OAUTH_TOKEN").map(({ value: _value, ...source }) => ({
      ...source,
      kind: "login" as const,
    })),
    ...reader.closed("login", login),
    ...reader.closed("login", state, isJsonObject(reader.value(state, "jsonc", ["oauthAccount"]))),
    ...variable("base-url", "ANTHROPIC_BASE_URL"),
  ];
}
