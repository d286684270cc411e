import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { FileFormat, FilePurpose } from "../../tools/index.ts";
import { resolveProviderName } from "../../providers/index.ts";
import { readEntries } from "../../scan/index.ts";
import type { KeyInFile, Lent } from "./key-file.ts";
import { rewriteFile } from "./rewrite-file.ts";

const VK = `sk-${"ownkey"}-example`;
const GATEWAY = "http://127.0.0.1:7788";

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
const azure = key("azure", "0123456789abcdef".repeat(2));
const all = [openai, anthropic, google, groq, azure];

interface Case {
  readonly path?: string;
  readonly tool?: string;
  readonly format?: FileFormat;
  readonly purpose?: FilePurpose;
  readonly connected?: boolean;
  readonly program?: string;
  readonly keys?: readonly KeyInFile[];
}

function rewrite(
  text: string,
  {
    path = "/home/ada/file",
    tool,
    format,
    purpose = "settings",
    connected = false,
    program,
    keys = all,
  }: Case,
) {
  const lent: Lent = {
    virtualKey: VK,
    gatewayUrl: GATEWAY,
    isConnected: () => connected,
    settingsOf: () => undefined,
    readText: () => undefined,
    ...(program === undefined ? {} : { program }),
  };
  return rewriteFile({ path, tool, format, purpose, text }, keys, lent);
}

describe("variables get a virtual key, and the address beside it in the same manner", () => {
  test.each([
    [
      "export OPENAI_API_KEY=<K>\n",
      `export OPENAI_API_KEY=${VK}\nexport OPENAI_BASE_URL=${GATEWAY}/c/openai/v1\n`,
    ],
    [
      "OPENAI_API_KEY='<K>' # mine",
      `OPENAI_API_KEY='${VK}' # mine\nOPENAI_BASE_URL='${GATEWAY}/c/openai/v1'`,
    ],
    [
      "OPENAI_API_KEY=<K>; export OPENAI_API_KEY\r\nalias x=y\r\n",
      `OPENAI_API_KEY=${VK}; export OPENAI_API_KEY\r\nOPENAI_BASE_URL=${GATEWAY}/c/openai/v1; export OPENAI_BASE_URL\r\nalias x=y\r\n`,
    ],
    [
      'set -gx OPENAI_API_KEY "<K>"\n',
      `set -gx OPENAI_API_KEY "${VK}"\nset -gx OPENAI_BASE_URL "${GATEWAY}/c/openai/v1"\n`,
    ],
    [
      "OPENAI_API_KEY=<K>\nOPENAI_BASE_URL=https://api.openai.com/v1\nOPENAI_API_BASE=https://api.openai.com/v1\n",
      `OPENAI_API_KEY=${VK}\nOPENAI_BASE_URL=${GATEWAY}/c/openai/v1\nOPENAI_API_BASE=${GATEWAY}/c/openai/v1\n`,
    ],
  ])("%j", (before, after) => {
    expect(rewrite(before.replace("<K>", openai.value), { format: "shell", tool: "shell" }).text).toBe(after);
  });

  test("two keys of one file share the address; others have their own; Azure's endpoint is replaced", () => {
    const text = [
      `OPENAI_API_KEY=${openai.value}`,
      `ANTHROPIC_API_KEY=${anthropic.value}`,
      "AZURE_OPENAI_ENDPOINT=https://x.openai.azure.com",
      `AZURE_OPENAI_API_KEY=${azure.value}`,
      `GEMINI_API_KEY=${google.value}`,
      `GOOGLE_API_KEY=${google.value}`,
      "",
    ].join("\n");
    expect(rewrite(text, { format: "dotenv" }).text.split("\n")).toEqual([
      `OPENAI_API_KEY=${VK}`,
      `OPENAI_BASE_URL=${GATEWAY}/c/openai/v1`,
      `ANTHROPIC_API_KEY=${VK}`,
      `ANTHROPIC_BASE_URL=${GATEWAY}/c/anthropic`,
      `AZURE_OPENAI_ENDPOINT=${GATEWAY}/c/azure`,
      `AZURE_OPENAI_API_KEY=${VK}`,
      `GEMINI_API_KEY=${VK}`,
      `GOOGLE_GEMINI_BASE_URL=${GATEWAY}/c/google`,
      `GOOGLE_API_KEY=${VK}`,
      "",
    ]);
  });

  test("each of several keys of one variable gets the address of its own connection", () => {
    const other = { ...openai, value: `${openai.value}x`, connection: "openai-work" };
    const text = [
      "work() {",
      `  export OPENAI_API_KEY=${other.value}`,
      "}",
      "own() {",
      `  export OPENAI_API_KEY=${openai.value}`,
      "  export OPENAI_BASE_URL=https://api.openai.com/v1",
      "}",
      `# export OPENAI_API_KEY=${other.value}`,
      "",
    ].join("\n");
    const { text: after, left } = rewrite(text, { format: "shell", tool: "shell", keys: [openai, other] });
    expect(left).toEqual([]);
    expect(after.split("\n")).toEqual([
      "work() {",
      `  export OPENAI_API_KEY=${VK}`,
      `  export OPENAI_BASE_URL=${GATEWAY}/c/openai-work/v1`,
      "}",
      "own() {",
      `  export OPENAI_API_KEY=${VK}`,
      `  export OPENAI_BASE_URL=${GATEWAY}/c/openai/v1`,
      "}",
      "# export OPENAI_API_KEY=ownkey://openai-work/main",
      "",
    ]);
  });

  test("two keys under two names that share one address stay, as nobody can tell which is used", () => {
    const other = { ...google, value: google.value.replace(/.$/, "x"), connection: "google-2" };
    const text = `GEMINI_API_KEY=${google.value}\nGOOGLE_API_KEY=${other.value}\n`;
    const { text: after, left } = rewrite(text, { format: "dotenv", keys: [google, other] });
    expect(after).toBe(text);
    expect(left).toHaveLength(2);
  });

  test("a variable without a known address gets a reference; a key within a command stays", () => {
    const text = `export GROQ_API_KEY=${groq.value}\ncurl -H "Authorization: Bearer ${groq.value}" x\n`;
    const { text: after, left } = rewrite(text, { format: "shell" });
    expect(after).toContain("export GROQ_API_KEY=ownkey://groq/main\n");
    expect(left.map(({ occurrence }) => occurrence.line)).toEqual([2]);
  });
});

describe("settings of tools", () => {
  test("variables in an object, comments and order kept", () => {
    const text = `{\n  // mine\n  "model": "x",\n  "env": { "ANTHROPIC_API_KEY": "${anthropic.value}", "A": "b" },\n}\n`;
    const { text: after } = rewrite(text, { format: "jsonc", tool: "claude-code" });
    expect(after).toContain("// mine");
    expect(readEntries(after, "jsonc").map(({ path, value }) => [path.join("."), value])).toEqual([
      ["model", "x"],
      ["env.ANTHROPIC_API_KEY", VK],
      ["env.A", "b"],
      ["env.ANTHROPIC_BASE_URL", `${GATEWAY}/c/anthropic`],
    ]);
  });

  test("variables in a list of names and values", () => {
    const list = [{ name: "ANTHROPIC_API_KEY", value: anthropic.value }];
    const text = JSON.stringify({ "claudeCode.environmentVariables": list }, undefined, 2);
    const { text: after } = rewrite(text, { format: "jsonc", tool: "vscode" });
    expect(JSON.parse(after)).toEqual({
      "claudeCode.environmentVariables": [
        { name: "ANTHROPIC_API_KEY", value: VK },
        { name: "ANTHROPIC_BASE_URL", value: `${GATEWAY}/c/anthropic` },
      ],
    });
  });

  test("Codex: the address of a provider's table, set or changed", () => {
    const text = `model = "x"\n\n[model_providers.g]\nexperimental_bearer_token = "${groq.value}"\n\n[other]\nbase_url = "y"\n`;
    const added = rewrite(text, { format: "toml", tool: "codex" }).text;
    expect(added).toBe(text.replace(`"${groq.value}"`, `"${VK}"\nbase_url = "${GATEWAY}/c/groq/v1"`));
    const given = text.replace(
      "[model_providers.g]\n",
      `[model_providers.g]\nbase_url = "https://z/v1" # z\n`,
    );
    expect(rewrite(given, { format: "toml", tool: "codex" }).text).toBe(
      given.replace(groq.value, VK).replace("https://z/v1", `${GATEWAY}/c/groq/v1`),
    );
  });

  test("Continue: each model of a list by itself, in block and flow style", () => {
    const text = [
      "models:",
      "  - name: a",
      "    apiBase: https://api.openai.com/v1",
      `    apiKey: ${openai.value}`,
      "  - name: b",
      `    apiKey: "${anthropic.value}" # b`,
      `  - { name: c, apiKey: "${groq.value}" }`,
      "",
    ].join("\n");
    expect(rewrite(text, { format: "yaml", tool: "continue" }).text.split("\n")).toEqual([
      "models:",
      "  - name: a",
      `    apiBase: "${GATEWAY}/c/openai/v1"`,
      `    apiKey: ${VK}`,
      "  - name: b",
      `    apiKey: "${VK}" # b`,
      `    apiBase: "${GATEWAY}/c/anthropic/v1/"`,
      `  - { name: c, apiKey: "${VK}", apiBase: "${GATEWAY}/c/groq/v1" }`,
      "",
    ]);
  });

  test("Zed: the address two groups out", () => {
    const headers = { Authorization: `Bearer ${openai.value}` };
    const text = JSON.stringify({ language_models: { openai: { custom_headers: headers } } });
    expect(JSON.parse(rewrite(text, { format: "jsonc", tool: "zed" }).text)).toEqual({
      language_models: {
        openai: { custom_headers: { Authorization: `Bearer ${VK}` }, api_url: `${GATEWAY}/c/openai/v1` },
      },
    });
  });

  test("settings that nobody reads go, whether alone, first, last or one after the other", () => {
    const settings = (inside: string) => `{\n${inside}\n}\n`;
    const path = "/home/ada/.config/Cursor/User/settings.json";
    for (const [before, after] of [
      [`  "cursor.openai.apiKey": "${openai.value}"`, {}],
      [`  "cursor.openai.apiKey": "${openai.value}",\n  "a": 1`, { a: 1 }],
      [`  "a": 1,\n  "cursor.openai.apiKey": "${openai.value}",`, { a: 1 }],
      [
        `  "cursor.openai.apiKey": "${openai.value}",\n  "cursor.anthropic.apiKey": "${anthropic.value}",\n  "cursor.google.apiKey": "${google.value}"`,
        {},
      ],
      [`  "cursor.apiKeys": { "openai": "${openai.value}", "x": 1 }`, { "cursor.apiKeys": { x: 1 } }],
    ] as const) {
      const { text, left } = rewrite(settings(before), { format: "jsonc", tool: "cursor", path });
      expect(left).toEqual([]);
      expect(JSON.parse(text.replace(/,(\s*\})/g, "$1"))).toEqual(after);
    }
  });

  test("files made for keys alone are left, unless the tool's requests go to the gateway anyway", () => {
    const text = JSON.stringify({ openRouterApiKey: openai.value });
    const file = { path: "/home/ada/.cline/data/secrets.json", format: "jsonc", tool: "cline" } as const;
    expect(rewrite(text, file).left).toHaveLength(1);
    expect(rewrite(text, { ...file, connected: true }).text).toBe(JSON.stringify({ openRouterApiKey: VK }));
  });

  test("a broken file is left alone as a whole", () => {
    const text = `{ "env": { "OPENAI_API_KEY": "${openai.value}" `;
    expect(rewrite(text, { format: "jsonc", tool: "claude-code" })).toMatchObject({ text, replaced: [] });
  });
});

test("what was typed gets references, at every place", () => {
  const text = `curl -H "x: ${openai.value}"\nexport A=${openai.value}\n`;
  expect(rewrite(text, { format: "text", purpose: "history", tool: "shell" }).text).toBe(
    'curl -H "x: ownkey://openai/main"\nexport A=ownkey://openai/main\n',
  );
});

test("source code is left, and every place of it is told", () => {
  const text = `a = "${openai.value}"\nb = "${openai.value}"\n`;
  const { text: after, left } = rewrite(text, {});
  expect(after).toBe(text);
  expect(left.map(({ occurrence }) => occurrence.line)).toEqual([1, 2]);
});

test("whatever else a JSON file holds stays as it is", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (others, first) => {
      const env = { OPENAI_API_KEY: openai.value };
      const document = first ? { env, others } : { others, env };
      const after = rewrite(JSON.stringify(document, undefined, 2), { format: "jsonc", tool: "claude-code" });
      expect(JSON.parse(after.text)).toEqual({
        others: JSON.parse(JSON.stringify(others)) as object,
        env: { OPENAI_API_KEY: VK, OPENAI_BASE_URL: `${GATEWAY}/c/openai/v1` },
      });
    }),
  );
});

test("no text in any format is an error, and no key comes back", () => {
  const formats = ["jsonc", "toml", "yaml", "dotenv", "shell", "text"] as const;
  const piece = fc.constantFrom(
    openai.value,
    groq.value,
    "apiKey",
    "OPENAI_API_KEY",
    "=",
    ":",
    '"',
    "{",
    "}",
    "\n",
    " ",
    "- ",
    ",",
    "#",
    "[t]",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom(...formats), (pieces, format) => {
      const text = pieces.join("");
      const { text: after, left } = rewrite(text, { format, tool: "continue" });
      const count = (where: string) => all.reduce((sum, { value }) => sum + where.split(value).length - 1, 0);
      expect(count(after)).toBeLessThanOrEqual(count(text));
      if (left.length === 0) {
        const words = after.split(/[^A-Za-z0-9_-]/);
        expect(all.filter(({ value }) => words.includes(value))).toEqual([]);
      }
    }),
  );
});
