/** The command line as scripts use it: documents, exit codes, errors, and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { commandTree, examplesOf, leaves } from "../scripts/docs/command-tree.ts";
import { newKey, randomText } from "./support/keys.ts";
import { type CommandResult, OwnkeyHome, type Ready, type RunningUp } from "./support/ownkey.ts";
import { ANSWER, hello } from "./support/stage.ts";
import { type Behaviour, json, startUpstream, type Upstream } from "./support/upstream.ts";

const home = new OwnkeyHome();
let upstream: Upstream;
let up: RunningUp;
let virtualKey: string;

/** What the provider answers to a key. */
const answers = new Map<string, Behaviour>();

beforeAll(async () => {
  upstream = await startUpstream((arrived, socket) => {
    const { headers } = arrived;
    const key = headers.get("x-goog-api-key") ?? (headers.get("authorization") ?? "").replace("Bearer ", "");
    return (answers.get(key) ?? json(200, ANSWER))(arrived, socket);
  });
  up = await home.up();
  await add(newKey.openai(), "--connection", "main");
  virtualKey = await home.virtualKey("scripts", "--team", "blue");
});

afterAll(async () => {
  await upstream.close();
  await home.remove();
});

/** `keys add openai`, or another provider's, at the double. */
async function add(key: string, ...args: readonly string[]): Promise<CommandResult> {
  const provider = args[0]?.startsWith("--") === false ? args[0] : "openai";
  const rest = provider === args[0] ? args.slice(1) : args;
  const at = ["--base-url", upstream.url, "--stdin", "--json"];
  return await home.run(["keys", "add", provider, ...at, ...rest], { stdin: key });
}

async function chat(url = up.ready.url, key = virtualKey): Promise<number> {
  const response = await fetch(`${url}/c/main/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(hello),
  });
  await response.text();
  return response.status;
}

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Expects one error document on stderr, nothing on stdout, and the exit code. */
function expectError(
  { code, stdout, stderr }: CommandResult,
  exit: number,
  name: string,
): ErrorDocument["error"] {
  const { error } = JSON.parse(stderr) as ErrorDocument;
  expect({ exit: code, stdout, name: error.code }).toEqual({ exit, stdout: "", name });
  expect(error.message).not.toBe("");
  return error;
}

describe("keys add: what the provider says decides what is stored", () => {
  const openaiError = (status: number, error: object) => json(status, { error });

  test.each([
    ["ok", json(200, { object: "list", data: [{ id: "gpt-4o", object: "model" }] })],
    [
      "rate_limited",
      openaiError(429, { code: "rate_limit_exceeded", type: "requests", message: "too fast" }),
    ],
    [
      "quota_exhausted",
      openaiError(429, { code: "insufficient_quota", type: "insufficient_quota", message: "pay" }),
    ],
    [
      "scope_missing",
      openaiError(403, {
        message: "You have insufficient permissions. Missing scopes: api.model.read",
        code: null,
      }),
    ],
    [
      "region_blocked",
      openaiError(403, {
        code: "unsupported_country_region_territory",
        type: "request_forbidden",
        message: "no",
      }),
    ],
    ["overloaded", openaiError(503, { code: "server_is_overloaded", type: "server_error", message: "busy" })],
  ])("%s: stored, exit 0, with a warning unless all is well", async (verdict, answer) => {
    const key = newKey.openai();
    answers.set(key, answer);
    const { code, stdout, stderr } = await add(key, "--connection", "outcomes", "--name", verdict);
    expect({ code, stderr: stderr === "" }).toEqual({ code: 0, stderr: verdict === "ok" });
    const added = JSON.parse(stdout) as KeyDocument;
    expect(added).toMatchObject({
      name: verdict,
      connection: "outcomes",
      verdict,
      state: "active",
      test: { verdict },
    });
    expect(await home.call<KeyDocument>("keys.show", { ref: `outcomes/${verdict}` })).toMatchObject({
      verdict,
    });
  });

  test.each([
    [
      "invalid_key",
      "openai",
      newKey.openai(),
      openaiError(401, { code: "invalid_api_key", message: "wrong" }),
    ],
    [
      "leaked",
      "google",
      newKey.google(),
      json(403, {
        error: { code: 403, status: "PERMISSION_DENIED", message: "Your API key was reported as leaked." },
      }),
    ],
  ] as const)(
    "%s: not stored, exit 6; with --keep stored, exit 0",
    async (verdict, provider, key, answer) => {
      answers.set(key, answer);
      const error = expectError(await add(key, provider, "--connection", `bad-${verdict}`), 6, "key_refused");
      expect(error.message).not.toContain(key);
      const { items } = await home.call<{ items: readonly KeyDocument[] }>("keys.list");
      expect(items.map((item) => item.connection)).not.toContain(`bad-${verdict}`);
      const kept = await add(key, provider, "--connection", `bad-${verdict}`, "--keep");
      expect(kept.code).toBe(0);
      expect(JSON.parse(kept.stdout)).toMatchObject({ verdict });
    },
  );

  test("unreachable: stored as untested, exit 0; --no-test asks nobody", async () => {
    const gone = await startUpstream(json(200, {}));
    await gone.close();
    const args = ["--connection", "away", "--base-url", gone.url];
    const added = await add(newKey.openai(), ...args);
    expect({ code: added.code, verdict: (JSON.parse(added.stdout) as KeyDocument).verdict }).toEqual({
      code: 0,
      verdict: "untested",
    });
    const before = upstream.arrived.length;
    const untested = await add(newKey.openai(), "--connection", "untested", "--no-test");
    expect(JSON.parse(untested.stdout)).toMatchObject({ verdict: "untested", test: null });
    expect(upstream.arrived).toHaveLength(before);
  });

  test("another provider's key, a login token, and a name that is taken", async () => {
    expectError(await add(newKey.anthropic(), "--name", "wrong"), 6, "key_refused");
    expectError(await add(newKey.anthropicLogin(), "--name", "wrong"), 6, "key_refused");
    expectError(await add(newKey.openai(), "--connection", "outcomes", "--name", "ok"), 1, "already_exists");
  });
});

interface KeyDocument {
  readonly id: string;
  readonly name: string;
  readonly connection: string;
  readonly fingerprint: string;
  readonly verdict: string;
}

describe("secrets as arguments", () => {
  test.each([
    ["a key by its shape", () => ["keys", "add", "openai", newKey.openai()]],
    ["a key without a shape", () => ["keys", "add", "openai", randomText(40)]],
    ["a key as an option's value", () => ["keys", "add", "openai", "--name", newKey.anthropic()]],
    ["a key behind an equals sign", () => ["vk", "create", `--name=${newKey.google()}`]],
    ["a new value for a key", () => ["keys", "replace", "outcomes/ok", newKey.openai()]],
  ])("%s: refused with the reason, and not repeated", async (_, build) => {
    const args = build();
    const error = expectError(await home.run([...args, "--json"]), 2, "secret_in_argument");
    expect(error.hint).toContain("--stdin");
    expect(JSON.stringify(error)).not.toContain((args.at(-1) ?? "").slice(-20));
  });
});

describe("exit codes and error documents", () => {
  test.each([
    ["0: done", 0, ["status"]],
    ["2: an unknown command", 2, ["nonsense"]],
    ["2: an unknown option", 2, ["status", "--nonsense"]],
    ["2: a missing option", 2, ["vk", "create"]],
    ["2: a value of the wrong kind", 2, ["requests", "list", "--limit", "many"]],
    ["5: on a terminal only", 5, ["keys", "reveal", "outcomes/ok"]],
  ] as const)("%s", async (_, code, args) => {
    const result = await home.run(args);
    expect({ code: result.code, quiet: result.stderr === "" }).toEqual({ code, quiet: code === 0 });
  });

  test.each([
    ["a key that is not there", 3, "not_found", ["keys", "show", "nothing"]],
    ["a virtual key that is not there", 3, "not_found", ["vk", "revoke", "nothing"]],
    ["a request that is not there", 3, "not_found", ["requests", "show", "req_nothing"]],
    ["a setting that is not there", 3, "not_found", ["config", "get", "nothing"]],
    ["a bad name", 2, "invalid_input", ["vk", "create", "--name", "no spaces"]],
    ["a bad setting", 2, "invalid_input", ["config", "set", "port", "seventy"]],
    ["a variable that is not set", 3, "not_found", ["keys", "add", "openai", "--from-env", "NOT_SET"]],
    ["a key from nowhere", 2, "usage", ["keys", "add", "openai"]],
    ["a connection that still has keys", 1, "conflict", ["connections", "remove", "outcomes"]],
  ] as const)("%s", async (_, exit, code, args) => {
    expectError(await home.run([...args, "--json"]), exit, code);
  });

  test("4: locked; requests to manage say so, and unlocking mends it", async () => {
    expect(await home.json(["lock"])).toMatchObject({ locked: true });
    expect(await home.json(["status"])).toMatchObject({ running: true, locked: true });
    expectError(await home.run(["vk", "create", "--name", "late", "--json"]), 4, "vault_locked");
    const token = await home.run(["token", "codex"]);
    expect({ code: token.code, stdout: token.stdout }).toEqual({ code: 4, stdout: "" });
    expect(await home.json(["unlock"])).toMatchObject({ locked: false });
    expect(await chat()).toBe(200);
  });
});

describe("documents", () => {
  test("keys list", async () => {
    const { items } = await home.json<{ items: readonly Record<string, unknown>[] }>(["keys", "list"]);
    const first = items.find((item) => item["connection"] === "main");
    expect(first).toMatchObject({
      name: "main",
      provider: "openai",
      connection: "main",
      class: null,
      fingerprint: expect.stringMatching(/^fp_[0-9a-f]{12}$/),
      verdict: "ok",
      state: "active",
      createdAt: expect.stringMatching(UTC_TIME),
    });
    for (const name of ["id", "lastUsedAt", "dueAt"]) expect(first).toHaveProperty(name);
    for (const item of items) expect(Object.keys(item)).not.toContain("value");
  });

  test("every list is one object with `items`; what it tells of times is RFC 3339 in UTC", async () => {
    const lists = ["keys", "connections", "vk", "requests", "slots", "config", "prices"].map((noun) => [
      noun,
      "list",
    ]);
    const documents = await Promise.all(
      [...lists, ["audit", "show"]].map((args) => home.json<ListDocument>(args)),
    );
    for (const { items } of documents) {
      expect(items).toBeArray();
      for (const [name, value] of items.flatMap((item) => Object.entries(item))) {
        if (!name.endsWith("At") || value === null) continue;
        expect([name, value]).toEqual([name, expect.stringMatching(UTC_TIME)]);
      }
    }
  });

  test("a virtual key is in `vk create` and `vk reissue` only", async () => {
    const made = await home.json<{ id: string; key: string }>([
      "vk",
      "create",
      "--name",
      "shown",
      "--expires",
      "30d",
    ]);
    expect(made.key).toStartWith("sk-ownkey-");
    expect(await chat(up.ready.url, made.key)).toBe(200);
    const again = await home.json<{ key: string }>(["vk", "reissue", "shown"]);
    expect(await chat(up.ready.url, made.key)).toBe(401);
    expect(await chat(up.ready.url, again.key)).toBe(200);
    const shown = await home.json(["vk", "show", "shown"]);
    expect(shown).toMatchObject({ id: made.id, name: "shown", state: "active" });
    expect(shown).not.toHaveProperty("key");
    const human = await home.run(["vk", "list"]);
    expect(human.stdout).not.toContain(again.key);
  });

  test("usage, by each thing that a request has", async () => {
    expect(await chat()).toBe(200);
    await home.lastRequest();
    for (const by of ["vk", "team", "connection"]) {
      const report = await home.json<UsageDocument>(["usage", "--by", by]);
      expect(Object.keys(report).toSorted(alphabetical)).toEqual(["by", "from", "items", "to", "total"]);
      for (const line of [...report.items, report.total]) {
        expect(line).toMatchObject({
          requests: expect.any(Number),
          inputTokens: expect.any(Number),
          cachedInputTokens: expect.any(Number),
          outputTokens: expect.any(Number),
          costUsd: expect.stringMatching(/^\d+(?:\.\d{1,9})?$/),
          unpriced: expect.any(Number),
          estimated: expect.any(Number),
        });
      }
      const label = { vk: "scripts", team: "blue", connection: "main" }[by];
      expect(report.items.map((item) => item.label ?? item.key)).toContain(label ?? "");
    }
    const { stdout } = await home.run(["usage", "--by", "vk", "--csv"]);
    expect(stdout.split("\r\n")[0]).toBe(
      "key,label,requests,inputTokens,cachedInputTokens,outputTokens,costUsd,unpriced,estimated",
    );
  });

  test("requests tail prints a line for each request as it ends", async () => {
    const tail = await home.start(["requests", "tail", "--json"]);
    const line = tail.line();
    // It tells of what comes after its start, which cannot be seen from here: so one request after the other.
    while (!tail.printed()) {
      expect(await chat()).toBe(200);
      await Bun.sleep(50);
    }
    expect(JSON.parse(await line)).toMatchObject({
      virtualKey: "scripts",
      status: 200,
      costUsd: "0.0000045",
    });
    await tail.stop();
  });

  test("token prints the token and nothing else; the ledger knows the tool; revoking ends it", async () => {
    const { code, stdout } = await home.run(["token", "codex"]);
    const token = stdout.trimEnd();
    expect({ code, line: `${token}\n` }).toEqual({ code: 0, line: stdout });
    expect(token).toStartWith("sk-ownkey-t-");
    expect(await chat(up.ready.url, token)).toBe(200);
    expect(await home.lastRequest()).toMatchObject({ tool: "codex", virtualKey: "tool:codex" });
    await home.json(["token", "revoke", "codex"]);
    expect(await chat(up.ready.url, token)).toBe(401);
    const next = (await home.run(["token", "codex"])).stdout.trimEnd();
    expect(await chat(up.ready.url, next)).toBe(200);
  });

  test("settings: listed with their source, written with comments kept, overridden by variables", async () => {
    const file = join(home.home, "config.jsonc");
    writeFileSync(file, `{\n  // why it is so\n  "drainSeconds": 5,\n}\n`, { mode: 0o600 });
    await home.json(["config", "set", "silenceSeconds", "600"]);
    expect(readFileSync(file, "utf8")).toContain("// why it is so");
    expect(await home.json(["config", "get", "silenceSeconds"])).toMatchObject({
      value: 600,
      source: "file",
    });
    expect(await home.json(["config", "get", "port"], { env: { OWNKEY_PORT: "9000" } })).toMatchObject({
      value: 9000,
      source: "environment",
      default: 7788,
      variable: "OWNKEY_PORT",
    });
    const { items } = await home.json<{ items: readonly { name: string }[] }>(["config", "list"]);
    expect(items.map(({ name }) => name)).toContain("drainSeconds");
  });

  test("audit: every change is there with who did it, and the log verifies", async () => {
    const { items } = await home.json<{ items: readonly { action: string; caller: string }[] }>([
      "audit",
      "show",
      "--limit",
      "1000",
    ]);
    const actions = new Set(items.map(({ action }) => action));
    for (const action of ["vault.create", "key.add", "virtual_key.create", "vault.lock"])
      expect(actions).toContain(action);
    expect(await home.json(["audit", "verify"])).toMatchObject({
      ok: true,
      problems: [],
      signaturesChecked: true,
    });
  });

  test("completion: bash accepts it, and every shell's names the commands", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await home.run(["completion", shell]);
      expect(code).toBe(0);
      for (const word of ["keys", "backup", "reissue"]) expect(stdout).toContain(word);
      if (shell === "bash") {
        const check = Bun.spawnSync(["bash", "-n"], { stdin: Buffer.from(stdout) });
        expect(check.stderr.toString()).toBe("");
      }
    }
    expect((await home.run(["completion", "tcsh"])).code).toBe(2);
  });
});

const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

interface ListDocument {
  readonly items: readonly object[];
}

interface UsageDocument {
  readonly items: readonly { readonly key: string | null; readonly label: string | null }[];
  readonly total: object;
}

describe("up, status, down", () => {
  test("a second `up` on the same home tells where the running one is, and exits 0", async () => {
    const second = await home.up();
    expect(second.ready).toMatchObject({
      event: "ready",
      url: up.ready.url,
      ui: up.ready.ui,
      pid: up.ready.pid,
    });
    expect(await second.exited).toBe(0);
    expect(await chat()).toBe(200);
  });

  test("a port that another program holds: named, and no other one chosen", async () => {
    const taken = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = String(typeof address === "object" ? address?.port : 0);
    const other = { OWNKEY_HOME: join(home.folder, "other") };
    for (const ports of [
      ["--port", port, "--ui-port", "0"],
      ["--port", "0", "--ui-port", port],
    ]) {
      const result = await home.run(["up", ...ports], { env: other });
      expect({ code: result.code, named: result.stderr.includes(port) }).toEqual({ code: 1, named: true });
      expect(result.stdout).toBe("");
    }
    await new Promise((resolve) => taken.close(resolve));
  });

  test("a port that another Ownkey holds: it is called so, on either port, with how to stop it", async () => {
    const other = { OWNKEY_HOME: join(home.folder, "other") };
    const [port, uiPort] = [new URL(up.ready.url).port, new URL(up.ready.ui).port];
    for (const [ports, named] of [
      [["--port", port, "--ui-port", "0"], port],
      [["--port", "0", "--ui-port", uiPort], uiPort],
    ] as const) {
      const { code, stderr } = await home.run(["up", ...ports], { env: other });
      expect(code).toBe(1);
      expect(stderr).toContain(`another Ownkey, of another home, listens on 127.0.0.1:${named}`);
      expect(stderr).toContain("stop it (ownkey down, with its OWNKEY_HOME), or choose another port");
    }
    const detached = await home.run(["up", "--detach", "--port", port, "--json"], { env: other });
    expect(expectError(detached, 1, "address_in_use")).toMatchObject({
      message: expect.stringContaining(`another Ownkey, of another home, listens on 127.0.0.1:${port}`),
      hint: expect.stringContaining("choose another port"),
    });
  });

  test("a home that others can read is refused, with the command that mends it", async () => {
    const open = join(home.folder, "open");
    Bun.spawnSync(["mkdir", "-m", "755", open]);
    const result = await home.run(["status", "--json"], { env: { OWNKEY_HOME: open } });
    const error = expectError(result, 1, "insecure_permissions");
    expect(error.hint).toContain("chmod 700");
  });
});

test("whoever reads only the beginning gets it, and no complaint follows", async () => {
  const piped = new OwnkeyHome({}, ["sh", "-c", '"$@" | true', "sh"]);
  expect(await piped.run(["help"])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await piped.run(["config", "list"])).toEqual({ code: 0, stdout: "", stderr: "" });
  await piped.remove();
});

test.each(["export env --output", "scan --write-baseline", "doctor --bundle"])(
  "%s: a file that cannot be written is named, with the reason",
  async (command) => {
    const file = join(home.folder, "nowhere/file");
    const error = expectError(await home.run([...command.split(" "), file, "--json"]), 3, "not_found");
    expect(error.message).toContain(`${file} cannot be written: there is no folder`);
  },
);

describe("help", () => {
  test("every command says what it does and, where an argument or option needs it, shows an example", async () => {
    const commands = leaves(await commandTree());
    for (const { path, command } of commands) {
      expect([path, command.description() === ""]).toEqual([path, false]);
      for (const option of command.options)
        expect([path, option.long, option.description === ""]).toEqual([path, option.long, false]);
    }
    const withExamples = commands.filter(({ command }) => examplesOf(command).length > 0);
    const paths = withExamples.map(({ path }) => path);
    for (const path of ["up", "keys add", "vk create", "token", "usage", "backup create"]) {
      expect(paths).toContain(`ownkey ${path}`);
    }
  });

  test("--help and --version print on stdout and exit 0; a word too much is told on stderr", async () => {
    const help = await home.run(["keys", "add", "--help"]);
    expect({ code: help.code, stderr: help.stderr }).toEqual({ code: 0, stderr: "" });
    expect(help.stdout).toContain("$ ownkey keys add openai");
    expect((await home.run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const wrong = await home.run(["key", "add"]);
    expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain("did you mean keys?");
  });
});

test("backup and restore: a new home has the same keys; its virtual keys wait for a confirmation", async () => {
  const identity = await generateIdentity();
  const identityFile = join(home.folder, "identity.txt");
  writeFileSync(identityFile, `# an age identity\n${identity}\n`, { mode: 0o600 });
  const file = join(home.folder, "home.age");
  const made = await home.json([
    "backup",
    "create",
    file,
    "--recipient",
    await identityToRecipient(identity),
  ]);
  expect(made).toMatchObject({ file, verified: expect.any(String) });
  expect(readFileSync(file).subarray(0, 18).toString()).toBe("age-encryption.org");
  const before = await home.json(["keys", "list"]);
  const withIdentity = ["--identity-file", identityFile];
  expect(await home.json(["backup", "verify", file, ...withIdentity])).toMatchObject({ file });

  const restored = { OWNKEY_HOME: join(home.folder, "restored") };
  await home.json(["backup", "restore", file, ...withIdentity], { env: restored });
  expect(await home.json(["keys", "list"], { env: restored })).toEqual(before);
  const there = await home.up([], restored);
  expect(await chat(there.ready.url)).toBe(503);
  for (const url of [there.ready.url, there.ready.ui]) {
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { reason: "restore_unconfirmed" }]);
  }
  await home.json(["backup", "confirm"], { env: restored });
  expect((await fetch(`${there.ready.url}/readyz`)).status).toBe(200);
  expect(await chat(there.ready.url)).toBe(200);
  expect(await home.json(["audit", "verify"], { env: restored })).toMatchObject({ ok: true });
  there.kill("SIGTERM");
  expect(await there.exited).toBe(0);

  // What is there is never overwritten: it is refused, or set aside when told to.
  const again = ["backup", "restore", file, ...withIdentity, "--json"];
  expect((await home.run(again, { env: restored })).code).not.toBe(0);
  const { previousHome } = await home.json<{ previousHome: string }>([...again.slice(0, -1), "--replace"], {
    env: restored,
  });
  expect(existsSync(join(previousHome, "control.db"))).toBeTrue();

  const broken = readFileSync(file);
  broken[broken.length - 100] = (broken[broken.length - 100] ?? 0) ^ 1;
  writeFileSync(file, broken);
  expectError(await home.run(["backup", "verify", file, ...withIdentity, "--json"]), 1, "corrupt");
});

test("down ends it; then commands work on the home by themselves, and `token` starts it again", async () => {
  expect(await home.json(["down"])).toEqual({ done: true });
  expect(await up.exited).toBe(0);
  expect(await home.json(["status"])).toMatchObject({ running: false, url: null, locked: false });
  expect(await home.json(["down"])).toEqual({ done: true });
  expectError(await home.run(["lock", "--json"]), 1, "not_running");
  await home.json(["vk", "create", "--name", "made-offline"]);

  expect((await home.run(["token", "No Such Tool"])).code).toBe(2);
  expect(await home.json(["status"])).toMatchObject({ running: false });

  await home.json(["config", "set", "uiPort", "0"]);
  const anyPort = { env: { OWNKEY_PORT: "0" } };
  const { code, stdout } = await home.run(["token", "codex"], anyPort);
  expect(code).toBe(0);
  const status = await home.json<Ready & { running: boolean }>(["status"]);
  expect(status.running).toBeTrue();
  expect(await chat(status.url, stdout.trimEnd())).toBe(200);
  await home.json(["down"]);
});

function alphabetical(a: string, b: string): number {
  return a.localeCompare(b);
}
