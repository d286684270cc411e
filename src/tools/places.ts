import type { Folders } from "./machine.ts";

export interface ToolPlaces {
  /** As in `ownkey token ID` and `/t/ID/…`. */
  readonly id: string;
  /** As its maker writes it. */
  readonly name: string;
  /** Files or folders of which one exists when this user has used the tool. */
  readonly places: (folders: Folders) => readonly string[];
}

/** The tools that Ownkey knows, with the places their own documentation or source names (autumn 2026). */
export const TOOLS: readonly ToolPlaces[] = [
  {
    id: "claude-code",
    name: "Claude Code",
    places: ({ home, join, variable }) => [
      variable("CLAUDE_CONFIG_DIR") ?? join(home, ".claude"),
      join(home, ".claude.json"),
    ],
  },
  {
    id: "codex",
    name: "Codex CLI",
    places: ({ home, join, variable }) => [variable("CODEX_HOME") ?? join(home, ".codex")],
  },
  {
    id: "cursor",
    name: "Cursor",
    places: ({ settings, join }) => [join(settings, "Cursor", "User")],
  },
  {
    id: "vscode",
    name: "VS Code",
    places: ({ settings, join }) =>
      ["Code", "Code - Insiders", "VSCodium"].map((product) => join(settings, product, "User")),
  },
  {
    id: "gemini-cli",
    name: "Gemini CLI",
    places: ({ home, join, variable }) => [join(variable("GEMINI_CLI_HOME") ?? home, ".gemini")],
  },
  {
    id: "copilot-cli",
    name: "GitHub Copilot CLI",
    places: ({ home, join, variable }) => [variable("COPILOT_HOME") ?? join(home, ".copilot")],
  },
  {
    id: "cline",
    name: "Cline",
    places: ({ home, join, variable }) => [
      variable("CLINE_DIR") ?? join(home, ".cline"),
      ...optional(variable("CLINE_DATA_DIR")),
    ],
  },
  {
    id: "continue",
    name: "Continue",
    places: ({ home, join, variable }) => [variable("CONTINUE_GLOBAL_DIR") ?? join(home, ".continue")],
  },
  {
    id: "opencode",
    name: "opencode",
    places: ({ xdgConfig, xdgData, join, variable }) => [
      ...optional(variable("OPENCODE_CONFIG_DIR")),
      join(xdgConfig, "opencode"),
      join(xdgData, "opencode"),
    ],
  },
  {
    id: "kilo",
    name: "Kilo Code",
    places: ({ xdgConfig, xdgData, join }) => [join(xdgConfig, "kilo"), join(xdgData, "kilo")],
  },
  {
    id: "aider",
    name: "aider",
    places: ({ home, join }) => [join(home, ".aider.conf.yml"), join(home, ".aider")],
  },
  {
    id: "zed",
    name: "Zed",
    places: ({ xdgConfig, settings, platform, join, variable }) =>
      platform === "win32"
        ? [join(settings, "Zed")]
        : [join(variable("FLATPAK_XDG_CONFIG_HOME") ?? xdgConfig, "zed")],
  },
  {
    id: "goose",
    name: "Goose",
    places: ({ xdgConfig, settings, platform, join }) =>
      platform === "win32" ? [join(settings, "Block", "goose", "config")] : [join(xdgConfig, "goose")],
  },
  {
    id: "llm",
    name: "llm",
    places: ({ settings, join, variable }) => [
      variable("LLM_USER_PATH") ?? join(settings, "io.datasette.llm"),
    ],
  },
];

/** As its maker writes it; the id itself for what is no tool of {@link TOOLS}, such as `shell`. */
export function toolName(id: string): string {
  return TOOLS.find((tool) => tool.id === id)?.name ?? id;
}

function optional(path: string | undefined): string[] {
  return path === undefined ? [] : [path];
}
