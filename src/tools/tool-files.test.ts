import { expect, test } from "bun:test";
import { matchesSegment, projectFileOf } from "./files/project.ts";
import type { Machine } from "./machine.ts";
import { TOOLS } from "./places.ts";
import { toolFiles } from "./tool-files.ts";

const LINUX: Machine = { platform: "linux", home: "/home/ada", env: {} };
const MAC: Machine = { platform: "darwin", home: "/Users/ada", env: {} };
const WINDOWS: Machine = {
  platform: "win32",
  home: "C:\\Users\\ada",
  env: { APPDATA: "C:\\Users\\ada\\AppData\\Roaming", LOCALAPPDATA: "C:\\Users\\ada\\AppData\\Local" },
};

const pathsOf = (machine: Machine, tool?: string) =>
  toolFiles(machine)
    .filter((file) => tool === undefined || file.tool === tool)
    .map(({ path }) => path);

test("each tool's files are where its documentation says, on each system", () => {
  const wanted: readonly [Machine, string, string][] = [
    [LINUX, "cursor", "/home/ada/.config/Cursor/User/settings.json"],
    [LINUX, "cursor", "/home/ada/.config/Cursor/User/profiles/*/settings.json"],
    [MAC, "cursor", "/Users/ada/Library/Application Support/Cursor/User/globalStorage/state.vscdb"],
    [WINDOWS, "vscode", "C:\\Users\\ada\\AppData\\Roaming\\Code\\User\\chatLanguageModels.json"],
    [WINDOWS, "vscode", "C:\\Users\\ada\\AppData\\Roaming\\VSCodium\\User\\settings.json"],
    [LINUX, "windsurf", "/home/ada/.config/Windsurf/User/settings.json"],
    [LINUX, "claude-code", "/etc/claude-code/managed-settings.json"],
    [MAC, "claude-code", "/Users/ada/.claude/settings.json"],
    [WINDOWS, "codex", "C:\\Users\\ada\\.codex\\auth.json"],
    [LINUX, "gemini-cli", "/home/ada/.gemini/.env"],
    [MAC, "opencode", "/Users/ada/.local/share/opencode/auth.json"],
    [LINUX, "kilo", "/home/ada/.config/kilo/kilo.jsonc"],
    [LINUX, "aider", "/home/ada/.aider.conf.yml"],
    [LINUX, "continue", "/home/ada/.continue/config.yaml"],
    [LINUX, "cline", "/home/ada/.cline/data/secrets.json"],
    [MAC, "zed", "/Users/ada/.config/zed/settings.json"],
    [WINDOWS, "goose", "C:\\Users\\ada\\AppData\\Roaming\\Block\\goose\\config\\secrets.yaml"],
    [LINUX, "open-webui", "/home/ada/.open-webui/webui.db"],
    [MAC, "llm", "/Users/ada/Library/Application Support/io.datasette.llm/keys.json"],
    [LINUX, "copilot-cli", "/home/ada/.copilot/settings.json"],
    [WINDOWS, "neovim", "C:\\Users\\ada\\AppData\\Local\\nvim\\init.lua"],
    [LINUX, "shell", "/home/ada/.config/fish/config.fish"],
    [LINUX, "shell", "/home/ada/.node_repl_history"],
    [MAC, "system", "/Users/ada/Library/LaunchAgents/*.plist"],
    [LINUX, "system", "/home/ada/.config/environment.d/*.conf"],
  ];
  for (const [machine, tool, path] of wanted) expect(pathsOf(machine, tool)).toContain(path);
});

test("variables that move a tool's files are followed", () => {
  const moved = (name: string, value: string) => ({ ...LINUX, env: { [name]: value } });
  expect(pathsOf(moved("CODEX_HOME", "/opt/codex"), "codex")).toContain("/opt/codex/auth.json");
  expect(pathsOf(moved("CLINE_DATA_DIR", "/data"), "cline")).toContain("/data/secrets.json");
  expect(pathsOf(moved("ZDOTDIR", "/z"), "shell")).toContain("/z/.zshrc");
  expect(pathsOf(moved("OPENCODE_CONFIG", "/o.json"), "opencode")).toContain("/o.json");
  expect(pathsOf(moved("XDG_CONFIG_HOME", "/x"), "cursor")).toContain("/x/Cursor/User/settings.json");
});

test("every tool that can be detected has files, and every path is absolute and named once", () => {
  for (const machine of [LINUX, MAC, WINDOWS]) {
    const files = toolFiles(machine);
    const tools = new Set(files.map(({ tool }) => tool));
    expect(TOOLS.map(({ id }) => id).filter((id) => !tools.has(id))).toEqual([]);
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
    for (const { path } of files) expect(path).toMatch(/^(?:\/|[A-Z]:\\)/);
  }
});

test("what is uploaded says by whom; what is not uploaded says nothing", () => {
  const cursor = toolFiles(LINUX).filter(({ tool }) => tool === "vscode");
  const syncedAt = (name: string) => cursor.find(({ path }) => path.endsWith(`/Code/User/${name}`))?.synced;
  expect(syncedAt("settings.json")).toBe("VS Code Settings Sync and its like");
  expect(syncedAt("chatLanguageModels.json")).toBeUndefined();
});

test("a project's file is known at any depth, with either separator, and nothing that only looks like it", () => {
  expect(projectFileOf("/project/app/.claude/settings.json")?.beforeTrust).toBe(true);
  expect(projectFileOf("C:\\app\\.vscode\\settings.json")?.tool).toBe("vscode");
  expect(projectFileOf("packages/a/.env.production")?.format).toBe("dotenv");
  expect(projectFileOf("prod.env")?.tool).toBe("dotenv");
  expect(projectFileOf("src/settings.json")).toBeUndefined();
  expect(projectFileOf(".envelope")).toBeUndefined();
});

test("a star stands for text within one name, never for a leading dot", () => {
  expect(matchesSegment("*.json", "a.json")).toBe(true);
  expect(matchesSegment("*.json", ".json")).toBe(false);
  expect(matchesSegment(".env.*", ".env.local")).toBe(true);
  expect(matchesSegment("profile_*", "profile_default")).toBe(true);
  expect(matchesSegment("a*a", "a")).toBe(false);
  expect(matchesSegment("plain", "plain")).toBe(true);
});
