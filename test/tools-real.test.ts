/**
 * Real tools, unmodified: `ownkey tools connect` in a fresh home, then the tool's own command, through a real gateway, to
 * a double of the provider. What it prints is the double's answer; the double has seen the provider's key and never a
 * virtual key or token; the request is counted under the tool's name; and `disconnect` leaves nothing of ours behind.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProviderDouble } from "./support/double.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RequestRow, type RunningUp } from "./support/ownkey.ts";
import { findRealTools, type Found } from "./support/real-tools.ts";

const ANSWER = "The word is banjo.";
const QUESTION = "Which word is it?";
const WITHIN_MS = 120_000;

interface Case {
  readonly id: string;
  readonly connection: string;
  readonly model: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Too slow for every run: only when OWNKEY_TEST_TOOLS=1 asks for all. */
  readonly slow?: boolean;
  /** Its settings are variables of the shell. */
  readonly inShell?: boolean;
}

const CASES: readonly Case[] = [
  {
    id: "claude-code",
    connection: "anthropic",
    model: "claude-haiku-4-5",
    args: ["-p", QUESTION],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  },
  {
    id: "codex",
    connection: "openai",
    model: "gpt-5.1-codex",
    args: ["exec", "--skip-git-repo-check", QUESTION],
  },
  {
    id: "gemini-cli",
    connection: "google",
    model: "gemini-2.5-flash",
    args: ["-m", "gemini-2.5-flash", "-p", QUESTION],
    // Without a person it works in trusted folders only.
    env: { GEMINI_CLI_TRUST_WORKSPACE: "true" },
    slow: true,
  },
  ...(["openai", "anthropic", "google"] as const).map((connection) => ({
    id: "opencode",
    connection,
    model: { openai: "gpt-4.1-mini", anthropic: "claude-haiku-4-5", google: "gemini-2.5-flash" }[connection],
    args: ["run", QUESTION],
    env: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1" },
    slow: true,
  })),
  {
    id: "kilo",
    connection: "openai",
    model: "gpt-4.1-mini",
    args: ["run", QUESTION],
    env: { KILO_DISABLE_AUTOUPDATE: "1", KILO_DISABLE_MODELS_FETCH: "1" },
    slow: true,
  },
  ...(["openai", "anthropic", "google"] as const).map((connection) => ({
    id: "cline",
    connection,
    model: { openai: "gpt-4.1-mini", anthropic: "claude-haiku-4-5", google: "gemini-2.5-flash" }[connection],
    args: [QUESTION],
    slow: true,
  })),
  { id: "continue", connection: "openai", model: "gpt-4.1-mini", args: ["-p", QUESTION] },
  {
    id: "copilot-cli",
    connection: "openai",
    model: "gpt-4.1-mini",
    args: ["-p", QUESTION, "--allow-all-tools"],
    inShell: true,
    slow: true,
  },
];

const isAll = process.env["OWNKEY_TEST_TOOLS"] === "1";
const found = findRealTools({ fetches: isAll });
const isAnyThere = [...found.values()].some((one) => "command" in one);

const home = new OwnkeyHome({ SHELL: "/bin/bash" });
const keys = { openai: newKey.openai(), anthropic: newKey.anthropic(), google: newKey.google() };
let double: ProviderDouble;
let up: RunningUp;

beforeAll(async () => {
  if (!isAnyThere) return;
  double = await ProviderDouble.start(Object.values(keys));
  double.mock.onMessage(/[\s\S]*/, { content: ANSWER });
  up = await home.up();
  for (const [provider, key] of Object.entries(keys))
    await home.addKey(provider, key, "--base-url", double.url, "--no-test");
  mkdirSync(join(home.folder, "work"));
});

afterAll(async () => {
  if (isAnyThere) await double.stop();
  endServants();
  await home.remove();
});

interface ConnectedDocument {
  readonly items: readonly {
    readonly outcome: string;
    readonly connected: { readonly files: readonly string[] };
    readonly verified?: { readonly ok: boolean; readonly what: string };
  }[];
}

for (const one of CASES) {
  const { id, connection, model } = one;
  const tool: Found =
    one.slow && !isAll
      ? { missing: "OWNKEY_TEST_TOOLS=1 tries it" }
      : (found.get(id) ?? { missing: "it is not among those that are fetched" });
  describe(`${id} at ${connection}`, () => {
    if ("missing" in tool) {
      test.skip(`not here: ${tool.missing}`, () => {});
      return;
    }
    test(
      "set up, it answers through the gateway, is counted, and is as before afterwards",
      async () => {
        const args = ["tools", "connect", id, "--yes", "--connection", connection, "--model", model];
        const { items } = await home.json<ConnectedDocument>(args);
        expect(items).toMatchObject([{ outcome: "connected", verified: { ok: true } }]);
        const before = (await home.requests()).length;

        const printed = await run(tool.command, one);
        expect(printed).toContain(ANSWER);

        const rows = (await home.requests()).slice(0, -before);
        const answered = rows.filter((row) => row.status === 200 && row.outputTokens !== null);
        expect(answered.length).toBeGreaterThan(0);
        for (const row of rows) expect(row).toMatchObject({ tool: id, virtualKey: `tool:${id}` });
        expect(new Set(answered.map((row: RequestRow) => row.connection))).toEqual(new Set([connection]));
        expect(double.everythingSeen()).toContain(keys[connection as keyof typeof keys]);
        expect(double.everythingSeen()).not.toContain("sk-ownkey-");

        await home.json(["tools", "disconnect", id]);
        for (const path of items[0]?.connected.files ?? []) {
          const left = existsSync(path) ? readFileSync(path, "utf8") : "";
          expect(left).not.toContain(up.ready.url);
          expect(left).not.toContain("sk-ownkey-");
        }
      },
      WITHIN_MS,
    );
  });
}

test.if(isAnyThere)("the list shows which of them are connected: none is left", async () => {
  const { items } = await home.json<{ items: { id: string; state: string }[] }>(["tools", "list"]);
  expect(items.filter(({ state }) => state === "connected" || state === "partly")).toEqual([]);
});

/** Cline leaves a program behind that would serve the next one; it is known by the folder that it was given. */
function endServants(): void {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (words.includes(join(home.folder, "work"))) process.kill(Number(pid));
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** What the tool prints. Anything but this machine is out of reach, so that it talks to nobody else. */
async function run(command: readonly string[], { args, env, inShell }: Case): Promise<string> {
  const line = [...command, ...args];
  const startFile = join(home.folder, ".bashrc");
  const child = Bun.spawn(inShell ? ["bash", "-c", `. '${startFile}'; exec "$@"`, "bash", ...line] : line, {
    cwd: join(home.folder, "work"),
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home.folder,
      TERM: "dumb",
      HTTPS_PROXY: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1,localhost",
      ...env,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: WITHIN_MS - 20_000,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return stdout + stderr;
}
