import { expect, test } from "bun:test";
import { detectTools } from "./detect.ts";
import { foldersOf, type Machine } from "./machine.ts";
import { TOOLS } from "./places.ts";

const LINUX: Machine = { platform: "linux", home: "/home/ada", env: {} };
const MAC: Machine = { platform: "darwin", home: "/Users/ada", env: {} };
const WINDOWS: Machine = {
  platform: "win32",
  home: "C:\\Users\\ada",
  env: { APPDATA: "C:\\Users\\ada\\AppData\\Roaming" },
};

const placesOf = (id: string, machine: Machine) =>
  TOOLS.find((tool) => tool.id === id)?.places(foldersOf(machine)) ?? [];

test("each tool is looked for where it keeps its settings on each system", () => {
  expect(placesOf("cursor", LINUX)).toEqual(["/home/ada/.config/Cursor/User"]);
  expect(placesOf("cursor", MAC)).toEqual(["/Users/ada/Library/Application Support/Cursor/User"]);
  expect(placesOf("cursor", WINDOWS)).toEqual(["C:\\Users\\ada\\AppData\\Roaming\\Cursor\\User"]);
  expect(placesOf("zed", MAC)).toEqual(["/Users/ada/.config/zed"]);
  expect(placesOf("zed", WINDOWS)).toEqual(["C:\\Users\\ada\\AppData\\Roaming\\Zed"]);
  expect(placesOf("goose", WINDOWS)).toEqual(["C:\\Users\\ada\\AppData\\Roaming\\Block\\goose\\config"]);
  expect(placesOf("llm", MAC)).toEqual(["/Users/ada/Library/Application Support/io.datasette.llm"]);
  expect(placesOf("codex", WINDOWS)).toEqual(["C:\\Users\\ada\\.codex"]);
  expect(placesOf("opencode", WINDOWS)).toContain("C:\\Users\\ada\\.config\\opencode");
});

test("variables that move a tool's folder are followed; an empty one counts as not set", () => {
  const moved = (name: string, value: string): Machine => ({ ...LINUX, env: { [name]: value } });
  expect(placesOf("codex", moved("CODEX_HOME", "/opt/codex"))).toEqual(["/opt/codex"]);
  expect(placesOf("codex", moved("CODEX_HOME", ""))).toEqual(["/home/ada/.codex"]);
  expect(placesOf("claude-code", moved("CLAUDE_CONFIG_DIR", "/c"))).toContain("/c");
  expect(placesOf("gemini-cli", moved("GEMINI_CLI_HOME", "/g"))).toEqual(["/g/.gemini"]);
  expect(placesOf("cursor", moved("XDG_CONFIG_HOME", "/x"))).toEqual(["/x/Cursor/User"]);
  expect(placesOf("kilo", moved("XDG_DATA_HOME", "/d"))).toContain("/d/kilo");
  expect(placesOf("cline", moved("CLINE_DATA_DIR", "/data"))).toContain("/data");
});

test("a tool is found by any of its places, and nothing else is", () => {
  const present = new Set(["/home/ada/.codex", "/home/ada/.config/VSCodium/User"]);
  expect(detectTools({ ...LINUX, exists: (path) => present.has(path) })).toEqual([
    { id: "codex", name: "Codex CLI", place: "/home/ada/.codex" },
    { id: "vscode", name: "VS Code", place: "/home/ada/.config/VSCodium/User" },
  ]);
  expect(detectTools({ ...LINUX, exists: () => false })).toEqual([]);
});

test("every tool has its own id, and absolute places of its own on every system", () => {
  expect(new Set(TOOLS.map(({ id }) => id)).size).toBe(TOOLS.length);
  for (const machine of [LINUX, MAC, WINDOWS]) {
    const found = detectTools({ ...machine, exists: () => true });
    expect(found.map(({ id }) => id)).toEqual(TOOLS.map(({ id }) => id));
    const all = TOOLS.flatMap(({ places }) => places(foldersOf(machine)));
    expect(new Set(all).size).toBe(all.length);
    for (const path of all) expect(path.startsWith(machine.home)).toBe(true);
  }
});
