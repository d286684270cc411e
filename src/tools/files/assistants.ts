/** Coding assistants and command line tools: settings, keys and conversations, as their documentation or source names them. */
import type { Folders } from "../machine.ts";
import { type FileTable, filesOf, type ToolFile } from "./tool-file.ts";

const claudeCode: FileTable = ({ home, join, platform, variable }) => {
  const folder = variable("CLAUDE_CONFIG_DIR") ?? join(home, ".claude");
  const managed = {
    linux: "/etc/claude-code",
    darwin: "/Library/Application Support/ClaudeCode",
    win32: "C:\\Program Files\\ClaudeCode",
  }[platform];
  return filesOf("claude-code", [
    [join(folder, "settings.json"), "jsonc", "settings"],
    [join(folder, "settings.local.json"), "jsonc", "settings"],
    [join(folder, ".credentials.json"), "jsonc", "login"],
    [join(folder, ".claude.json"), "jsonc", "state"],
    [join(home, ".claude.json"), "jsonc", "state"],
    [join(folder, "CLAUDE.md"), "text", "settings"],
    [join(folder, "history.jsonl"), "text", "history"],
    [join(folder, "projects", "*", "*.jsonl"), "text", "history"],
    [join(managed, "managed-settings.json"), "jsonc", "settings"],
    [join(managed, "managed-settings.d", "*.json"), "jsonc", "settings"],
  ]);
};

const claudeDesktop: FileTable = ({ settings, join }) =>
  filesOf("claude-desktop", [[join(settings, "Claude", "claude_desktop_config.json"), "jsonc", "settings"]]);

const codex: FileTable = ({ home, join, variable }) => {
  const folder = variable("CODEX_HOME") ?? join(home, ".codex");
  return filesOf("codex", [
    [join(folder, "config.toml"), "toml", "settings"],
    // Profiles.
    [join(folder, "*.config.toml"), "toml", "settings"],
    [join(folder, "auth.json"), "jsonc", "keys"],
    [join(folder, ".env"), "dotenv", "settings"],
    [join(folder, "history.jsonl"), "text", "history"],
    [join(folder, "sessions", "*", "*", "*", "*.jsonl"), "text", "history"],
  ]);
};

const geminiCli: FileTable = ({ home, join, platform, variable }) => {
  const folder = join(variable("GEMINI_CLI_HOME") ?? home, ".gemini");
  const system = {
    linux: "/etc/gemini-cli",
    darwin: "/Library/Application Support/GeminiCli",
    win32: "C:\\ProgramData\\gemini-cli",
  }[platform];
  return filesOf("gemini-cli", [
    [join(folder, "settings.json"), "jsonc", "settings"],
    [join(folder, ".env"), "dotenv", "keys"],
    [join(folder, "gemini-credentials.json"), "jsonc", "keys"],
    [join(folder, "oauth_creds.json"), "jsonc", "login"],
    [join(folder, "tmp", "*", "*.json"), "text", "history"],
    [variable("GEMINI_CLI_SYSTEM_SETTINGS_PATH") ?? join(system, "settings.json"), "jsonc", "settings"],
    [join(system, "system-defaults.json"), "jsonc", "settings"],
  ]);
};

/** opencode, and Kilo Code, which is built on it. */
function opencodeLike(tool: "opencode" | "kilo", { xdgConfig, xdgData, platform, join, variable }: Folders) {
  const prefix = tool.toUpperCase();
  const system = {
    linux: `/etc/${tool}`,
    darwin: `/Library/Application Support/${tool}`,
    win32: join(variable("ProgramData") ?? "C:\\ProgramData", tool),
  }[platform];
  const folders = [join(xdgConfig, tool), variable(`${prefix}_CONFIG_DIR`), system];
  return filesOf(tool, [
    ...folders
      .filter((folder) => folder !== undefined)
      .flatMap((folder) =>
        [`${tool}.json`, `${tool}.jsonc`, "config.json"].map(
          (name) => [join(folder, name), "jsonc", "settings"] as const,
        ),
      ),
    [variable(`${prefix}_CONFIG`), "jsonc", "settings"],
    [join(xdgData, tool, "auth.json"), "jsonc", "keys"],
  ]);
}

const aider: FileTable = ({ home, join }) =>
  filesOf("aider", [
    [join(home, ".aider.conf.yml"), "yaml", "settings"],
    [join(home, ".aider.model.settings.yml"), "yaml", "settings"],
    [join(home, ".aider", "oauth-keys.env"), "dotenv", "keys"],
    [join(home, ".aider.chat.history.md"), "text", "history"],
    [join(home, ".aider.input.history"), "text", "history"],
  ]);

const continueDev: FileTable = ({ home, join, variable }) => {
  const folder = variable("CONTINUE_GLOBAL_DIR") ?? join(home, ".continue");
  return filesOf("continue", [
    [join(folder, "config.yaml"), "yaml", "settings"],
    [join(folder, "config.json"), "jsonc", "settings"],
    [join(folder, "config.ts"), "text", "settings"],
    [join(folder, ".continuerc.json"), "jsonc", "settings"],
    [join(folder, ".env"), "dotenv", "keys"],
    [join(folder, "assistants", "*.yaml"), "yaml", "settings"],
    [join(folder, "models", "*.yaml"), "yaml", "settings"],
    [join(folder, "sessions", "*.json"), "text", "history"],
  ]);
};

const cline: FileTable = ({ home, join, variable }) => {
  const data = variable("CLINE_DATA_DIR") ?? join(variable("CLINE_DIR") ?? join(home, ".cline"), "data");
  return filesOf("cline", [
    [variable("CLINE_PROVIDER_SETTINGS_PATH") ?? join(data, "settings", "providers.json"), "jsonc", "keys"],
    [join(data, "settings", "models.json"), "jsonc", "settings"],
    [join(data, "settings", "cline_mcp_settings.json"), "jsonc", "settings"],
    [join(data, "globalState.json"), "jsonc", "settings"],
    [join(data, "secrets.json"), "jsonc", "keys"],
    [join(data, "tasks", "*", "*.json"), "text", "history"],
  ]);
};

const zed: FileTable = ({ xdgConfig, settings, platform, join, variable }) => {
  const folder =
    platform === "win32"
      ? join(settings, "Zed")
      : join(variable("FLATPAK_XDG_CONFIG_HOME") ?? xdgConfig, "zed");
  return filesOf("zed", [
    [join(folder, "settings.json"), "jsonc", "settings"],
    [join(folder, "tasks.json"), "jsonc", "settings"],
  ]);
};

const goose: FileTable = ({ xdgConfig, settings, platform, join }) => {
  const folder = platform === "win32" ? join(settings, "Block", "goose", "config") : join(xdgConfig, "goose");
  return filesOf("goose", [
    [join(folder, "config.yaml"), "yaml", "settings"],
    [join(folder, "config.yaml.bak"), "yaml", "settings"],
    [join(folder, "secrets.yaml"), "yaml", "keys"],
    [join(folder, "custom_providers", "*.json"), "jsonc", "settings"],
  ]);
};

/** Its data folder is wherever it was installed; these are the usual ones, and what `DATA_DIR` says. */
const openWebUi: FileTable = ({ home, join, platform, variable }) => {
  const folders = [
    variable("DATA_DIR"),
    join(home, ".open-webui"),
    join(home, "open-webui", "backend", "data"),
    join(home, "open-webui", "data"),
    platform === "linux" ? "/var/lib/docker/volumes/open-webui/_data" : undefined,
  ];
  return filesOf(
    "open-webui",
    folders
      .filter((folder) => folder !== undefined)
      .map((folder) => [join(folder, "webui.db"), "sqlite", "state"] as const),
  );
};

const llm: FileTable = ({ settings, join, variable }) => {
  const folder = variable("LLM_USER_PATH") ?? join(settings, "io.datasette.llm");
  return filesOf("llm", [
    [join(folder, "keys.json"), "jsonc", "keys"],
    [join(folder, "extra-openai-models.yaml"), "yaml", "settings"],
    [join(folder, "logs.db"), "sqlite", "history"],
  ]);
};

const copilotCli: FileTable = ({ home, join, variable }) => {
  const folder = variable("COPILOT_HOME") ?? join(home, ".copilot");
  return filesOf("copilot-cli", [
    [join(folder, "settings.json"), "jsonc", "settings"],
    [join(folder, "config.json"), "jsonc", "settings"],
    [join(folder, "mcp-config.json"), "jsonc", "settings"],
    [join(folder, "providers.json"), "jsonc", "keys"],
  ]);
};

/** avante.nvim, codecompanion.nvim and others: their settings are Lua code of the user's own. */
const neovim: FileTable = ({ home, xdgConfig, platform, join, variable }) => {
  const folder =
    platform === "win32"
      ? join(variable("LOCALAPPDATA") ?? join(home, "AppData", "Local"), "nvim")
      : join(xdgConfig, "nvim");
  return filesOf("neovim", [
    [join(folder, "init.lua"), "text", "settings"],
    [join(folder, "init.vim"), "text", "settings"],
    [join(folder, "lua", "*.lua"), "text", "settings"],
    [join(folder, "lua", "*", "*.lua"), "text", "settings"],
    [join(folder, "lua", "*", "*", "*.lua"), "text", "settings"],
    [join(folder, "plugin", "*.lua"), "text", "settings"],
    [join(folder, "after", "plugin", "*.lua"), "text", "settings"],
  ]);
};

export const assistantFiles: FileTable = (folders): readonly ToolFile[] => [
  ...claudeCode(folders),
  ...claudeDesktop(folders),
  ...codex(folders),
  ...geminiCli(folders),
  ...opencodeLike("opencode", folders),
  ...opencodeLike("kilo", folders),
  ...aider(folders),
  ...continueDev(folders),
  ...cline(folders),
  ...zed(folders),
  ...goose(folders),
  ...openWebUi(folders),
  ...llm(folders),
  ...copilotCli(folders),
  ...neovim(folders),
];
