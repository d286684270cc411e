import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandomness, Secret } from "../../kernel/index.ts";
import { KnownKeyIndex } from "../../scan/index.ts";
import type { OfflineControl } from "../control.ts";
import * as explain from "./explain.ts";

const key = `sk-ant-${"api03"}-${"Ab1x".repeat(20)}`;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ownkey-explain-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function settings(document: object): void {
  mkdirSync(join(home, ".claude"), { recursive: true });
  writeFileSync(join(home, ".claude/settings.json"), JSON.stringify(document));
}

async function explained(env: Record<string, string> = {}, more: Partial<OfflineControl> = {}) {
  const control = {
    home: join(home, ".ownkey"),
    settings: { list: () => [{ name: "port", value: 7788 }], problems: [] },
    ...more,
  } as unknown as Parameters<typeof explain.tool.run>[0];
  const input = { tool: "claude-code", environment: { HOME: home, ...env } };
  return await explain.tool.run(control, { kind: "cli", user: "ada" }, input);
}

test("the strongest source wins, the others are told as ignored, and no key is shown", async () => {
  settings({
    apiKeyHelper: "/x/ownkey token claude-code",
    env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:7788/t/claude-code" },
  });
  const told = await explained({ ANTHROPIC_API_KEY: key });
  expect(told.keys.map(({ label, wins }) => `${label} ${wins}`)).toEqual([
    "variable ANTHROPIC_API_KEY true",
    "~/.claude/settings.json apiKeyHelper false",
  ]);
  expect(told).toMatchObject({ throughGateway: true, next: expect.stringContaining("refused") });
  expect(JSON.stringify(told)).not.toContain(key.slice(14, 40));
});

test("a tool that uses the gateway with its own command needs nothing", async () => {
  settings({
    apiKeyHelper: "/x/ownkey token claude-code",
    env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:7788/t/claude-code" },
  });
  expect(await explained()).toMatchObject({ throughGateway: true, next: null, found: true });
});

test("a tool that was never set up goes to its usual address", async () => {
  expect(await explained()).toMatchObject({
    found: false,
    throughGateway: false,
    goesTo: "https://api.anthropic.com",
    next: "ownkey tools connect claude-code",
  });
});

test("a key of the vault is told by its name and fingerprint", async () => {
  const vaultKeys = async () => ({
    index: new KnownKeyIndex(
      [
        {
          key: { name: "anthropic/main", fingerprint: "fp_1", provider: "anthropic" },
          secret: new Secret(key),
        },
      ],
      systemRandomness,
    ),
  });
  const told = await explained({ ANTHROPIC_API_KEY: key }, { vaultKeys });
  expect(told.keys[0]).toMatchObject({ knownKey: "anthropic/main", fingerprint: "fp_1", wins: true });
});

test("the vault is not asked when there is no key to be recognised", async () => {
  const vaultKeys = () => Promise.reject(new Error("must not be asked"));
  expect(await explained({ ANTHROPIC_AUTH_TOKEN: "sk-ownkey-abc" }, { vaultKeys })).toMatchObject({
    keys: [{ ownkey: true }],
  });
});

test("a tool that nobody knows is refused with those that are known", async () => {
  const control = {} as Parameters<typeof explain.tool.run>[0];
  const run = explain.tool.run(control, { kind: "cli", user: "ada" }, { tool: "emacs", environment: {} });
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: "not_found", hint: expect.stringContaining("claude-code") });
});
