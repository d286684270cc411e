// What lies in the folder where a tool is started comes before the user's own settings: explain tells it.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { explainTool } from "../explain.ts";
import { systemMachine } from "../tool-machine.ts";
import { testTools } from "../tools.testing.ts";
import { adapterOf } from "./index.ts";

/** Which files win for key and address, of those given, when the tool is started in `project/deep`. */
function winners(tool: string, files: Readonly<Record<string, string>>): (string | undefined)[] {
  using tools = testTools();
  for (const [path, text] of Object.entries({ "project/.git/HEAD": "", "project/deep/x": "", ...files })) {
    const whole = join(tools.home, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
  }
  const workingDirectory = join(tools.home, "project/deep");
  const adapter = adapterOf(tool);
  if (!adapter) throw new Error(`no adapter ${tool}`);
  const { key, baseUrl } = explainTool(adapter, systemMachine({ ...tools.machine, workingDirectory }));
  return [key.winner?.label, baseUrl.winner?.label];
}

test("Claude Code: local settings of the project, its shared ones, the user's", () => {
  const user = {
    ".claude/settings.json": '{ "apiKeyHelper": "x", "env": { "ANTHROPIC_BASE_URL": "http://u" } }',
  };
  const shared = { "project/deep/.claude/settings.json": '{ "env": { "ANTHROPIC_BASE_URL": "http://p" } }' };
  const local = {
    "project/deep/.claude/settings.local.json": '{ "env": { "ANTHROPIC_BASE_URL": "http://l" } }',
  };
  const [key, url] = ["~/.claude/settings.json apiKeyHelper", "env.ANTHROPIC_BASE_URL"];
  expect(winners("claude-code", user)).toEqual([key, `~/.claude/settings.json ${url}`]);
  expect(winners("claude-code", { ...user, ...shared })[1]).toBe(
    `~/project/deep/.claude/settings.json ${url}`,
  );
  expect(winners("claude-code", { ...user, ...shared, ...local })[1]).toBe(
    `~/project/deep/.claude/settings.local.json ${url}`,
  );
});

test("Gemini CLI: the nearest .env is read, and no other, although it says nothing of the key", () => {
  const user = { ".gemini/.env": "GEMINI_API_KEY=a\nGOOGLE_GEMINI_BASE_URL=http://u" };
  expect(winners("gemini-cli", user)).toEqual([
    "~/.gemini/.env GEMINI_API_KEY",
    "~/.gemini/.env GOOGLE_GEMINI_BASE_URL",
  ]);
  expect(winners("gemini-cli", { ...user, "project/.env": "X=1" })).toEqual([undefined, undefined]);
});

test("aider: the folder's settings, its repository's, the user's", () => {
  const user = { ".aider.conf.yml": "openai-api-base: http://u\n", ".env": "OPENAI_API_KEY=u" };
  const repository = { "project/.aider.conf.yml": "openai-api-base: http://r\n" };
  const folder = { "project/deep/.env": "OPENAI_API_KEY=f" };
  expect(winners("aider", { ...user, ...repository, ...folder })).toEqual([
    "~/project/deep/.env OPENAI_API_KEY",
    "~/project/.aider.conf.yml openai-api-base",
  ]);
});

test("opencode: the project's provider comes before the user's", () => {
  const config = (url: string) =>
    JSON.stringify({ model: "g/m", provider: { g: { options: { baseURL: url, apiKey: "k" } } } });
  const files = {
    ".config/opencode/opencode.json": config("http://u"),
    "project/opencode.json": config("http://p"),
  };
  expect(winners("opencode", files)).toEqual([
    "~/project/opencode.json provider.g.options.apiKey",
    "~/project/opencode.json provider.g.options.baseURL",
  ]);
});
