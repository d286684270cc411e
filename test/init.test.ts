/** The first ten minutes and the last one: `ownkey init` on a home full of keys, and `ownkey eject`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type AdoptDocument, AdoptHome } from "./support/adopt-home.ts";
import { MODEL } from "./support/every-provider.ts";

interface InitDocument {
  readonly changed: boolean;
  readonly adopted: AdoptDocument;
  readonly tools: readonly { readonly tool: string; readonly outcome: string; readonly isOk: boolean }[];
  readonly again: AdoptDocument | null;
  readonly request: {
    readonly ok: boolean;
    readonly request: { readonly inputTokens: number } | null;
  } | null;
}

interface Verified {
  readonly tool: string;
  readonly ok: boolean;
  readonly what: string;
}

let user: AdoptHome;
let before: Map<string, string>;

beforeAll(async () => {
  user = await AdoptHome.begin();
  before = user.snapshot();
}, 60_000);

afterAll(async () => {
  await user.remove();
});

describe("a home with thirty keys in the layouts of fifteen tools", () => {
  let done: InitDocument;

  test("init takes every key in, sets tools up, and sends one request", async () => {
    done = await user.json<InitDocument>(["init", user.folder, "--yes"]);
    expect(user.planted.planted.length).toBeGreaterThanOrEqual(30);
    expect(done.adopted.files.filter(({ outcome }) => outcome !== "changed")).toEqual([]);
    expect(done.tools.map(({ tool, isOk }) => ({ tool, isOk }))).toEqual(
      done.tools.map(({ tool }) => ({ tool, isOk: true })),
    );
    expect(done.request).toMatchObject({ ok: true, request: { inputTokens: 9 } });
    expect(done.adopted.recoveryCode).toMatch(/^[0-9A-Z]{6}(?:-[0-9A-Z]{6}){5}$/);
  }, 60_000);

  test("no file and no database holds a provider key any more, in whatever form", () => {
    expect(user.plainKeys()).toEqual([]);
    // What Ownkey keeps is no exception.
    expect(user.plainKeysIn(user.home)).toEqual([]);
  });

  test("each key is in the vault, once", async () => {
    const { items } = await user.json<{ items: readonly { readonly connection: string }[] }>([
      "keys",
      "list",
    ]);
    // Three lie in git histories alone, which init looks through when told to.
    expect(items.length).toBe(user.planted.planted.length - 3 + user.ownKeys);
  });

  test("a scan finds nothing left that lies in a file", async () => {
    const { stdout } = await user.run(["scan", user.folder, "--json"]);
    const { items } = JSON.parse(stdout) as { items: { path: string; rule: string; masked: string }[] };
    expect(items.filter(({ rule }) => !rule.startsWith("settings/"))).toEqual([]);
  }, 30_000);

  test("the connected tools' own kinds of call work through the gateway", async () => {
    const { stdout } = await user.run(["tools", "verify", "--json"]);
    const { items } = JSON.parse(stdout) as { items: readonly Verified[] };
    expect(items.map(({ tool, what }) => ({ tool, what }))).toEqual(
      items.map(({ tool }) => ({ tool, what: `${MODEL} answered` })),
    );
    expect(items.map(({ tool }) => tool)).toEqual(
      expect.arrayContaining([
        "claude-code",
        "codex",
        "gemini-cli",
        "continue",
        "cline",
        "aider",
        "opencode",
        "kilo",
        "llm",
      ]),
    );
  }, 30_000);

  test("what SDKs and editors read from shells, notebooks and settings works as well", async () => {
    const read = (path: string) => readFileSync(join(user.folder, path), "utf8");
    const pairs: readonly [string, RegExp, RegExp, string][] = [
      [".bashrc", /OPENAI_API_KEY=(\S+)/, /OPENAI_BASE_URL=(\S+)/, "/chat/completions"],
      [".config/fish/config.fish", /ANTHROPIC_API_KEY (\S+)/, /ANTHROPIC_BASE_URL (\S+)/, "/v1/messages"],
      [".env", /AZURE_OPENAI_API_KEY=(\S+)/, /AZURE_OPENAI_ENDPOINT=(\S+)/, "/openai/v1/chat/completions"],
      [
        "code/analysis.ipynb",
        /API_KEY\\"\] = \\"([^\\]+)/,
        /BASE_URL\\"\] = \\"([^\\]+)/,
        "/chat/completions",
      ],
      [".config/nvim/lua/plugins/ai.lua", /api_key = "([^"]+)/, /url = "([^"]+)/, "/v1/chat/completions"],
      [".config/zed/settings.json", /Bearer ([^"]+)/, /"api_url": "([^"]+)/, "/chat/completions"],
      [".copilot/providers.json", /"apiKey": "([^"]+)/, /"baseUrl": "([^"]+)/, "/chat/completions"],
      [
        ".config/VSCodium/User/settings.json",
        /"value": "(sk-[^"]+)/,
        /"value": "(http[^"]+)/,
        "/v1/messages",
      ],
    ];
    for (const [path, key, url, call] of pairs) {
      const [, credential] = key.exec(read(path)) ?? [];
      const [, base] = url.exec(read(path)) ?? [];
      const response = await fetch(`${base}${call}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${credential}`,
          "content-type": "application/json",
          ...(call.endsWith("messages") ? { "anthropic-version": "2023-06-01" } : {}),
        },
        body: JSON.stringify({ model: MODEL, max_tokens: 5, messages: [{ role: "user", content: "hi" }] }),
      });
      expect({ path, status: response.status, body: (await response.text()).slice(0, 200) }).toMatchObject({
        path,
        status: 200,
      });
    }
  });

  test("a second init changes nothing, and says so", async () => {
    const now = user.snapshot();
    const { code, stdout } = await user.run(["init", user.folder, "--yes"]);
    expect(stdout).toContain("everything is set up already: nothing was changed");
    expect(code).toBe(0);
    expect(user.changedSince(now)).toEqual([]);
  }, 60_000);

  test("eject gives every byte and mode back, and says what is left", async () => {
    expect((await user.run(["guard", "install", join(user.folder, "code/branch")])).code).toBe(0);
    const former = `${user.home}.before-restore-2026-11-28T04-29-40Z`;
    mkdirSync(former);
    const { code, stdout } = await user.run(["eject", "--real-keys", "--yes"]);
    rmSync(former, { recursive: true });
    expect(code).toBe(0);
    expect(stdout).toContain(`rm -rf '${former}'`);
    expect(user.changedSince(before)).toEqual([]);
    expect(stdout).toContain("no longer guarded: ~/code/branch");
    const [toldBefore = "", left = ""] = stdout.split("What is left:");
    expect(toldBefore).toContain("before you leave: ownkey backup create");
    expect(left).toContain(`rm -rf '${user.home}'`);
    // What is left to do is done without the command, which may be gone with this.
    expect(left).not.toMatch(/(?<!uninstall -g )\bownkey [a-z]/);
    expect((await user.json<{ running: boolean }>(["status"])).running).toBe(false);
  }, 60_000);
});
