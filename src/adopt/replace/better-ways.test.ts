/** What is better than a virtual key beside an address, and what needs another file. */
import { describe, expect, test } from "bun:test";
import { parseFile, type FileFormat, type FilePurpose } from "../../tools/index.ts";
import { resolveProviderName } from "../../providers/index.ts";
import type { KeyInFile, Lent, Replaced } from "./key-file.ts";
import { type RewrittenFile, rewriteFile } from "./rewrite-file.ts";

const VK = `sk-${"ownkey"}-example`;
const GATEWAY = "http://127.0.0.1:7788";
const PROGRAM = "/home/ada/.local/bin/ownkey";

const key = (name: string, value: string): KeyInFile => ({
  value,
  provider: resolveProviderName(name).provider,
  connection: name,
  name: "main",
});
const openai = key("openai", `sk-${"proj"}-${"a1B2".repeat(12)}`);
const anthropic = key("anthropic", `sk-${"ant"}-api03-${"c3D4".repeat(12)}`);
const google = key("google", `AI${"za"}${"e5F6".repeat(9)}`);
const groq = key("groq", `gs${"k_"}${"g7H8".repeat(13)}`);
const openrouter = key("openrouter", `sk-${"or"}-v1-${"0a1b".repeat(16)}`);
const all = [openai, anthropic, google, groq, openrouter];

interface Case {
  readonly path: string;
  readonly tool?: string;
  readonly format?: FileFormat;
  readonly purpose?: FilePurpose;
  /** What another file of the tool says. */
  readonly other?: string;
  readonly isInstalled?: boolean;
  readonly keys?: readonly KeyInFile[];
}

function rewrite(
  text: string,
  { path, tool, format, purpose = "settings", other, isInstalled = true, keys = all }: Case,
) {
  const lent: Lent = {
    virtualKey: VK,
    gatewayUrl: GATEWAY,
    ...(isInstalled ? { program: PROGRAM } : {}),
    isConnected: () => false,
    settingsOf: (name) => `/home/ada/.config/${name}/${name}.json`,
    readText: () => other,
  };
  return rewriteFile({ path, tool, format, purpose, text }, keys, lent);
}

const only = ({ replaced }: RewrittenFile): Replaced => {
  const [first, ...others] = replaced;
  if (!first || others.length > 0) throw new Error(`${replaced.length} places were replaced`);
  return first;
};

describe("tools that run a command get it, and keep nothing", () => {
  test("Claude Code: the key goes, its helper comes", () => {
    const text = JSON.stringify({ model: "opus", env: { ANTHROPIC_API_KEY: anthropic.value } }, undefined, 2);
    const file = { path: "/home/ada/.claude/settings.json", tool: "claude-code", format: "jsonc" } as const;
    const after = rewrite(text, file);
    expect(only(after).way).toBe("command");
    expect(JSON.parse(after.text)).toEqual({
      model: "opus",
      env: { ANTHROPIC_BASE_URL: `${GATEWAY}/c/anthropic` },
      apiKeyHelper: `${PROGRAM} token claude-code`,
    });
    expect(only(rewrite(text, { ...file, isInstalled: false })).way).toBe("virtual_key");
  });

  test("two keys of one provider that would share an address stay", () => {
    const work = { ...anthropic, value: `${anthropic.value}x`, connection: "anthropic-work" };
    const env = { ANTHROPIC_API_KEY: anthropic.value, ANTHROPIC_AUTH_TOKEN: work.value };
    const text = JSON.stringify({ env }, undefined, 2);
    const file = { path: "/home/ada/.claude/settings.json", tool: "claude-code", format: "jsonc" } as const;
    const after = rewrite(text, { ...file, keys: [anthropic, work] });
    expect(after.text).toBe(text);
    expect(after.left).toHaveLength(2);
  });

  test("Codex: the token of a provider's table goes, the command comes", () => {
    const text = `[model_providers.g]\nname = "g" # mine\nexperimental_bearer_token = "${groq.value}"\n\n[other]\na = 1\n`;
    const after = rewrite(text, { path: "/home/ada/.codex/config.toml", tool: "codex", format: "toml" });
    expect(only(after).way).toBe("command");
    expect(after.text).toContain('name = "g" # mine\n');
    expect(parseFile(new TextEncoder().encode(after.text), "toml", "config.toml")).toEqual({
      model_providers: {
        g: {
          name: "g",
          base_url: `${GATEWAY}/c/groq/v1`,
          auth: { command: PROGRAM, args: ["token", "codex"] },
        },
      },
      other: { a: 1 },
    });
  });

  test("another provider's key in such a place is no key of the tool", () => {
    const text = JSON.stringify({ env: { ANTHROPIC_API_KEY: openai.value } });
    const after = rewrite(text, { path: "/x/settings.json", tool: "claude-code", format: "jsonc" });
    expect(after.replaced.map(({ way }) => way)).not.toContain("command");
  });
});

describe("files that hold keys alone: the address goes where the tool reads it", () => {
  test.each([
    [
      { path: "/h/.local/share/opencode/auth.json", tool: "opencode", format: "jsonc" },
      JSON.stringify({ openrouter: { type: "api", key: openrouter.value } }),
      "/home/ada/.config/opencode/opencode.json",
      ["provider", "openrouter", "options", "baseURL"],
      `${GATEWAY}/c/openrouter/v1`,
    ],
    [
      { path: "/h/.codex/auth.json", tool: "codex", format: "jsonc" },
      JSON.stringify({ OPENAI_API_KEY: openai.value, tokens: null }),
      "/h/.codex/config.toml",
      ["openai_base_url"],
      `${GATEWAY}/c/openai/v1`,
    ],
    [
      { path: "/h/.config/goose/secrets.yaml", tool: "goose", format: "yaml" },
      `GOOGLE_API_KEY: ${google.value}\n`,
      "/h/.config/goose/config.yaml",
      ["GOOGLE_HOST"],
      `${GATEWAY}/c/google`,
    ],
    [
      { path: "/h/.cline/data/secrets.json", tool: "cline", format: "jsonc" },
      JSON.stringify({ apiKey: anthropic.value }),
      "/h/.cline/data/globalState.json",
      ["anthropicBaseUrl"],
      `${GATEWAY}/c/anthropic`,
    ],
  ] as const)("%j", (file, text, settings, at, value) => {
    const after = rewrite(text, { ...file, purpose: "keys" });
    const { way, others } = only(after);
    expect(way).toBe("virtual_key");
    expect(after.text).toContain(VK);
    expect(others).toEqual([{ path: settings, format: expect.any(String) as never, edits: [{ at, value }] }]);
  });

  test("a key whose address the tool does not take stays", () => {
    const text = JSON.stringify({ openRouterApiKey: openrouter.value });
    const { left } = rewrite(text, { path: "/h/.cline/data/secrets.json", tool: "cline", format: "jsonc" });
    expect(left[0]?.hint).toContain("ownkey tools connect cline");
  });

  test("llm takes a variable when it has no key of its own", () => {
    const text = `{\n  "claude": "${anthropic.value}",\n  "mine": "x"\n}\n`;
    const after = rewrite(text, { path: "/h/keys.json", tool: "llm", format: "jsonc", purpose: "keys" });
    expect(JSON.parse(after.text)).toEqual({ mine: "x" });
    expect(only(after).note).toContain("ownkey run --connection anthropic -- llm");
  });

  test("the Gemini CLI is told how it signs in, unless it knows", () => {
    const file = { path: "/h/.gemini/.env", tool: "gemini-cli", format: "dotenv" } as const;
    const text = `GEMINI_API_KEY=${google.value}\n`;
    expect(only(rewrite(text, file)).others?.[0]?.path).toBe("/h/.gemini/settings.json");
    const other = `{"security":{"auth":{"selectedType":"gemini-api-key"}}}`;
    expect(only(rewrite(text, { ...file, other })).others).toBeUndefined();
  });
});

describe("code", () => {
  test.each([
    [
      "a.py",
      `os.environ["OPENAI_API_KEY"] = "<K>"\n`,
      `os.environ["OPENAI_API_KEY"] = "${VK}"; os.environ["OPENAI_BASE_URL"] = "${GATEWAY}/c/openai/v1"\n`,
    ],
    [
      "a.ts",
      `process.env.OPENAI_API_KEY = '<K>';\n`,
      `process.env.OPENAI_API_KEY = '${VK}'; process.env.OPENAI_BASE_URL = '${GATEWAY}/c/openai/v1';\n`,
    ],
    [
      "a.ipynb",
      JSON.stringify({ source: [`os.environ['OPENAI_API_KEY'] = "<K>"\n`] }),
      JSON.stringify({
        source: [
          `os.environ['OPENAI_API_KEY'] = "${VK}"; os.environ['OPENAI_BASE_URL'] = "${GATEWAY}/c/openai/v1"\n`,
        ],
      }),
    ],
    [
      "a.py",
      `client = AsyncOpenAI(\n    timeout=3, api_key="<K>",\n)\n`,
      `client = AsyncOpenAI(\n    timeout=3, api_key="${VK}", base_url="${GATEWAY}/c/openai/v1",\n)\n`,
    ],
    [
      "a.mjs",
      `new OpenAI({ apiKey: "<K>" })`,
      `new OpenAI({ apiKey: "${VK}", baseURL: "${GATEWAY}/c/openai/v1" })`,
    ],
    [
      "ai.lua",
      `env = { url = "https://api.openai.com", api_key = "<K>" }`,
      `env = { url = "${GATEWAY}/c/openai", api_key = "${VK}" }`,
    ],
  ])("%s %j", (name, before, after) => {
    const text = before.replace("<K>", openai.value);
    expect(rewrite(text, { path: `/h/${name}` }).text).toBe(after);
  });

  test("what is not certain stays: another client, two addresses, a name that only begins like the provider's", () => {
    for (const text of [
      `KEY = "${openai.value}"`,
      `Anthropic(api_key="${openai.value}")`,
      `OpenAI(base_url=mine, api_key="${openai.value}")`,
      `a = "https://api.openai.com/v1"; b = "https://api.openai.com/v2"; k = "${openai.value}"`,
      `a = "https://api.openai.com.evil.example/v1"; k = "${openai.value}"`,
    ]) {
      expect(rewrite(text, { path: "/h/a.py" }).text).toBe(text);
    }
  });
});
