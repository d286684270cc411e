/**
 * Command-line tools as their makers publish them, from the npm registry: each in a folder of its own below the system's
 * temporary folder, so that one that cannot be had keeps none of the others from being tried. They are large (more than
 * a gigabyte together), so that nothing is fetched unless OWNKEY_TEST_TOOLS=1 asks for it; what is there is used.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RealTool {
  /** As in `ownkey tools connect ID`. */
  readonly id: string;
  readonly packages: readonly string[];
  /** The command, within `node_modules`; `{platform}` stands for the like of `linux-x64`. */
  readonly program: readonly [string, ...string[]];
}

const TOOLS: readonly RealTool[] = [
  {
    id: "claude-code",
    packages: ["@anthropic-ai/claude-code@2.1.197"],
    program: ["@anthropic-ai/claude-code-{platform}/claude"],
  },
  { id: "codex", packages: ["@openai/codex@0.171.0"], program: ["node", "@openai/codex/bin/codex.js"] },
  {
    id: "gemini-cli",
    packages: ["@google/gemini-cli@0.61.0"],
    program: ["node", "@google/gemini-cli/bundle/gemini.js"],
  },
  { id: "opencode", packages: ["opencode-ai@1.18.33"], program: ["opencode-{platform}/bin/opencode"] },
  { id: "kilo", packages: ["@kilocode/cli@7.7.7"], program: ["@kilocode/cli-{platform}/bin/kilo"] },
  { id: "cline", packages: ["cline@3.0.65"], program: ["@cline/cli-{platform}/bin/cline"] },
  { id: "continue", packages: ["@continuedev/cli@1.5.47"], program: ["node", "@continuedev/cli/dist/cn.js"] },
  {
    id: "copilot-cli",
    packages: ["@github/copilot@1.0.102"],
    program: ["node", "@github/copilot/npm-loader.js"],
  },
];

/** Of all of them together. */
const INSTALL_WITHIN_MS = 300_000;

/** The command that starts a tool, or why there is none. */
export type Found = { readonly command: readonly string[] } | { readonly missing: string };

/** Looks for every tool, and fetches those that are not there when that is asked for. Id → what was found. */
export function findRealTools({ fetches }: { readonly fetches: boolean }): ReadonlyMap<string, Found> {
  const lastMomentMs = performance.now() + INSTALL_WITHIN_MS;
  return new Map(
    TOOLS.map((tool) => {
      const there = commandOf(tool);
      if (there || !fetches) return [tool.id, there ?? { missing: "OWNKEY_TEST_TOOLS=1 fetches it" }];
      const problem = install(tool, lastMomentMs - performance.now());
      return [tool.id, commandOf(tool) ?? { missing: problem }];
    }),
  );
}

function folderOf({ packages }: RealTool): string {
  return join(tmpdir(), "ownkey-real-tools", packages.join("+").replaceAll(/[^a-z0-9.@+-]/g, "_"));
}

function commandOf(tool: RealTool): { command: readonly string[] } | undefined {
  const modules = join(folderOf(tool), "node_modules");
  if (!existsSync(join(folderOf(tool), "complete"))) return undefined;
  const platform = `${process.platform}-${process.arch}`;
  const command = tool.program.map((part) =>
    part.includes("/") ? join(modules, part.replace("{platform}", platform)) : part,
  );
  return command.every((part) => !part.includes("/") || existsSync(part)) ? { command } : undefined;
}

/** Gives what went wrong, if anything. Scripts of the packages are not run: they would fetch more, from elsewhere. */
function install(tool: RealTool, withinMs: number): string {
  const folder = folderOf(tool);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { exitCode, stderr } = Bun.spawnSync(["npm", "install", ...flags, ...tool.packages], {
    cwd: folder,
    stdout: "ignore",
    stderr: "pipe",
    timeout: Math.max(Math.round(withinMs), 1),
  });
  if (exitCode !== 0) return `npm install failed: ${stderr.toString().slice(0, 300) || "not in time"}`;
  writeFileSync(join(folder, "complete"), "");
  const there = readdirSync(join(folder, "node_modules")).join(", ");
  return `its package has no program for this system; there is: ${there}`;
}
