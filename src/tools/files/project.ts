/**
 * What tools read from a project's folder: written by whoever wrote the project, taken over by whoever opens it. Paths
 * are relative, with `/`, and may stand at any depth of a repository.
 */
import type { FileFormat } from "./tool-file.ts";

export interface ProjectFile {
  readonly tool: string;
  readonly path: string;
  readonly format: FileFormat;
  /** The tool has acted on it before asking whether the folder is trusted. */
  readonly beforeTrust?: boolean;
}

export const PROJECT_FILES: readonly ProjectFile[] = [
  // CVE-2026-21852: a base URL here received the user's key (fixed in 2.0.65).
  { tool: "claude-code", path: ".claude/settings.json", format: "jsonc", beforeTrust: true },
  { tool: "claude-code", path: ".claude/settings.local.json", format: "jsonc", beforeTrust: true },
  { tool: "claude-code", path: ".mcp.json", format: "jsonc" },
  { tool: "cursor", path: ".cursor/mcp.json", format: "jsonc" },
  { tool: "vscode", path: ".vscode/settings.json", format: "jsonc" },
  { tool: "vscode", path: ".vscode/mcp.json", format: "jsonc" },
  { tool: "vscode", path: ".vscode/launch.json", format: "jsonc" },
  { tool: "vscode", path: ".vscode/tasks.json", format: "jsonc" },
  { tool: "vscode", path: "*.code-workspace", format: "jsonc" },
  { tool: "vscode", path: ".devcontainer/devcontainer.json", format: "jsonc" },
  { tool: "codex", path: ".codex/config.toml", format: "toml" },
  { tool: "gemini-cli", path: ".gemini/settings.json", format: "jsonc" },
  { tool: "gemini-cli", path: ".gemini/.env", format: "dotenv" },
  { tool: "opencode", path: "opencode.json", format: "jsonc" },
  { tool: "opencode", path: "opencode.jsonc", format: "jsonc" },
  { tool: "opencode", path: ".opencode/opencode.json", format: "jsonc" },
  { tool: "kilo", path: "kilo.json", format: "jsonc" },
  { tool: "kilo", path: ".kilo/kilo.json", format: "jsonc" },
  { tool: "aider", path: ".aider.conf.yml", format: "yaml" },
  { tool: "aider", path: ".aider.chat.history.md", format: "text" },
  { tool: "aider", path: ".aider.input.history", format: "text" },
  { tool: "continue", path: ".continue/config.yaml", format: "yaml" },
  { tool: "continue", path: ".continue/config.json", format: "jsonc" },
  { tool: "continue", path: ".continuerc.json", format: "jsonc" },
  { tool: "continue", path: ".continue/.env", format: "dotenv" },
  { tool: "zed", path: ".zed/settings.json", format: "jsonc" },
  { tool: "direnv", path: ".envrc", format: "shell" },
  { tool: "package-manager", path: ".npmrc", format: "text" },
  { tool: "dotenv", path: ".env", format: "dotenv" },
  { tool: "dotenv", path: ".env.*", format: "dotenv" },
  { tool: "dotenv", path: "*.env", format: "dotenv" },
];

/** By the last name of their path; patterns apart. Asked for every file of a scan, so that most are told at once. */
const BY_NAME: ReadonlyMap<string, readonly ProjectFile[]> = Map.groupBy(
  PROJECT_FILES.filter(({ path }) => !path.includes("*")),
  ({ path }) => path.split("/").at(-1) ?? "",
);
const PATTERNS = PROJECT_FILES.filter(({ path }) => path.includes("*"));

/** The row for a path of a project, absolute or relative; `undefined` when no tool reads it. */
export function projectFileOf(path: string): ProjectFile | undefined {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const named = BY_NAME.get(name)?.find((file) => endsLike(path, file.path));
  return named ?? PATTERNS.find((file) => matchesSegment(file.path, name));
}

/** Whether the last segments are these, with either separator. */
function endsLike(path: string, wanted: string): boolean {
  const end = path.slice(-wanted.length).replaceAll("\\", "/");
  const before = path.at(-wanted.length - 1);
  return end === wanted && (before === undefined || before === "/" || before === "\\");
}

/** Whether a name fits one segment of a pattern: `*` is any text, but not a leading dot. */
export function matchesSegment(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === name;
  if (!name.startsWith(first) || (first === "" && name.startsWith("."))) return false;
  const last = rest.pop() ?? "";
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - last.length >= from && name.endsWith(last);
}
