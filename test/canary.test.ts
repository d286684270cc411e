/**
 * Secrets of every kind go through every command and every failure; afterwards none of them is anywhere: not in what
 * was printed, logged, answered or stored. The few places that are meant to show one show it once.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Canaries, filesBelow } from "./support/canary.ts";
import { newKey, randomText } from "./support/keys.ts";
import { type CommandResult, OwnkeyHome, type RunningUp } from "./support/ownkey.ts";
import { ANSWER } from "./support/stage.ts";
import { type Behaviour, chunked, json, startUpstream, type Upstream } from "./support/upstream.ts";

const canaries = new Canaries();
const home = new OwnkeyHome({ OWNKEY_LOG: "debug" });
/** Bodies and headers that Ownkey itself has answered. */
const answered: string[] = [];
const project = join(home.folder, "project");
let upstream: Upstream;
let up: RunningUp;

const keys = {
  openai: canaries.watch("an OpenAI key", newKey.openai()),
  replacement: canaries.watch("the next OpenAI key", newKey.openai()),
  refused: canaries.watch("a key that the provider refuses and echoes", newKey.openai()),
  kept: canaries.watch("a refused key that is kept", newKey.google()),
  anthropic: canaries.watch("an Anthropic key", newKey.anthropic()),
  login: canaries.watch("a login token", newKey.anthropicLogin()),
  azure: canaries.watch("an Azure key", newKey.azure()),
  groq: canaries.watch("a Groq key", newKey.groq()),
  admin: canaries.watch("an admin key", newKey.openaiAdmin()),
  argument: canaries.watch("a key given as an argument", newKey.openai()),
  plainArgument: canaries.watch("a key without a shape given as an argument", randomText(30)),
  removed: canaries.watch("a key that was removed", newKey.openai()),
  inFile: canaries.watch("a key in a file", newKey.openai()),
  refusedInFile: canaries.watch("a key in a file that its provider refuses", newKey.openai()),
  stranger: canaries.watch("somebody else's virtual key", `sk-ownkey-${randomText(43)}`),
};
const passphrase = canaries.watch("the passphrase", `correct horse ${randomText(20)}`);
const wrongPassphrase = canaries.watch("a wrong passphrase", `wrong horse ${randomText(20)}`);
const backupPassphrase = canaries.watch("the passphrase of the backup", `battery ${randomText(20)}`);
const databasePassword = canaries.watch("the password of a database", randomText(24));
const prompt = canaries.watch("a prompt", `Prömpt ${randomText(24)} "quoted"`);
const answerText = canaries.watch("an answer", `Änswer ${randomText(24)}`);

const ANSWER_WITH_TEXT = {
  ...ANSWER,
  choices: [{ index: 0, message: { role: "assistant", content: answerText }, finish_reason: "stop" }],
};
const good = json(200, ANSWER_WITH_TEXT);

/** Refuses, and repeats in its words whatever credential it was given, as some providers do. */
const echoing: Behaviour = (arrived, socket) => {
  const { headers } = arrived;
  const credential =
    headers.get("authorization") ?? headers.get("x-api-key") ?? headers.get("x-goog-api-key") ?? "";
  const message = `Incorrect API key provided: ${credential.replace("Bearer ", "")}.`;
  return json(401, { error: { message, type: "invalid_request_error", code: "invalid_api_key" } })(
    arrived,
    socket,
  );
};

beforeAll(async () => {
  upstream = await startUpstream(good);
  up = await home.up();
});

afterAll(async () => {
  await upstream.close();
  await home.remove();
});

async function run(
  code: number,
  args: readonly string[],
  stdin?: string,
  env?: Record<string, string>,
): Promise<CommandResult> {
  const result = await home.run(args, { ...(stdin === undefined ? {} : { stdin }), ...(env ? { env } : {}) });
  expect({ args, code: result.code, stderr: result.code === code ? "" : result.stderr }).toEqual({
    args,
    code,
    stderr: "",
  });
  return result;
}

/** Runs a command that is meant to show a secret: once, on stdout. From then on the secret is watched everywhere. */
async function shows(secret: string, args: readonly string[], shape: RegExp): Promise<string> {
  const { stdout } = await run(0, args);
  const found = [...stdout.matchAll(shape)].map(([value]) => value);
  expect({ secret, times: found.length }).toEqual({ secret, times: 1 });
  const value = canaries.watch(secret, found[0] ?? "");
  home.printed[home.printed.indexOf(stdout)] = stdout.replace(value, "");
  return value;
}

/** A request whose answer is Ownkey's own, or must hold no secret all the same. */
async function ask(
  credential: Record<string, string>,
  options: { path?: string; body?: string } = {},
): Promise<number> {
  const response = await fetch(up.ready.url + (options.path ?? "/c/openai/v1/chat/completions"), {
    method: "POST",
    headers: { "content-type": "application/json", ...credential },
    body:
      options.body ?? JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: prompt }] }),
  });
  answered.push(JSON.stringify([...response.headers]), await response.text());
  return response.status;
}

function write(text: string): void {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, ".env"), text);
}

function expectNoSecretAnywhere(): void {
  expect([
    ...canaries.in("stdout and stderr", home.printed.join("\n")),
    ...canaries.in("the log on stderr", up.stderr()),
    ...canaries.in("answers", answered.join("\n")),
    ...canaries.inFolder(home.folder),
  ]).toEqual([]);
}

const VIRTUAL_KEY = /sk-ownkey-[\w.-]{30,}/g;
let virtualKey: string;

test("the search finds what it should: each form, at each offset", () => {
  for (const shift of [0, 1, 2, 3]) {
    const around = Buffer.concat([Buffer.alloc(shift, "x"), Buffer.from(keys.openai), Buffer.alloc(5, "y")]);
    for (const written of [
      around,
      around.toString("base64"),
      around.toString("base64url"),
      around.toString("hex"),
    ]) {
      expect(canaries.in("here", written).map(({ secret }) => secret)).toContain("an OpenAI key");
    }
  }
  expect(canaries.in("here", "nothing of the kind")).toEqual([]);
});

test("provider keys: added, refused, mistyped, replaced, tested, removed", async () => {
  const at = ["--base-url", upstream.url];
  const add = (code: number, provider: string, key: string, ...args: string[]) =>
    run(code, ["keys", "add", provider, "--stdin", ...args], `${key}\n`);

  await add(0, "openai", keys.openai, ...at);
  await Promise.all([
    run(0, ["keys", "add", "anthropic", "--from-env", "SOME_KEY", ...at], "", { SOME_KEY: keys.anthropic }),
    add(0, "azure", keys.azure, "--endpoint", upstream.url),
    add(0, "groq", keys.groq, ...at),
    add(0, "openai", keys.admin, ...at, "--admin", "--name", "admin"),
    add(0, "openai", keys.removed, ...at, "--name", "removed"),
  ]);
  await Promise.all([
    run(2, ["keys", "add", "openai", keys.argument, ...at]),
    run(2, ["keys", "add", "openai", keys.plainArgument, ...at]),
    run(2, ["keys", "add", "openai", "--stdin", `--name=${keys.argument}`, "--json"], keys.openai),
    run(2, ["keys", "add", "openai", ...at, "--json"]),
    add(6, "openai", keys.login, ...at),
    add(1, "openai", keys.refused, ...at, "--name", "main"),
    run(3, ["keys", "add", "openai", "--from-env", "NOT_SET", ...at]),
  ]);
  upstream.behave(echoing);
  await Promise.all([
    add(6, "openai", keys.refused, ...at, "--name", "refused"),
    add(6, "openai", keys.refused, ...at, "--name", "refused", "--json"),
    add(0, "gemini", keys.kept, ...at, "--keep"),
    run(6, ["keys", "replace", "openai/main", "--stdin"], keys.refused),
    run(6, ["keys", "test", "openai/main"]),
    run(6, ["keys", "test", "openai/main", "--json"]),
  ]);
  upstream.behave(good);
  await run(0, ["keys", "replace", "openai/main", "--stdin"], keys.replacement);
  await Promise.all([
    run(0, ["keys", "list"]),
    run(0, ["keys", "show", "openai/main", "--json"]),
    run(5, ["keys", "reveal", "openai/main"]),
    run(0, ["keys", "remove", "openai/removed", "--yes"]),
    run(3, ["keys", "show", "nothing"]),
    run(0, ["connections", "list", "--json"]),
    run(0, ["models"]),
  ]);
});

test("virtual keys and tool tokens are shown once, by the command that makes them", async () => {
  virtualKey = await shows("a virtual key", ["vk", "create", "--name", "canary", "--json"], VIRTUAL_KEY);
  const reissued = await shows("a reissued virtual key", ["vk", "reissue", "canary"], VIRTUAL_KEY);
  const token = await shows("a tool token", ["token", "cursor"], VIRTUAL_KEY);
  expect(await ask({ authorization: `Bearer ${virtualKey}` })).toBe(401);
  const before = answered.length;
  for (const credential of [reissued, token]) {
    expect(await ask({ authorization: `Bearer ${credential}` })).toBe(200);
  }
  // The provider's answer is the caller's to see, and nobody else's.
  answered.splice(before);
  virtualKey = reissued;
  await Promise.all([
    run(0, ["vk", "list"]),
    run(0, ["vk", "show", "canary", "--json"]),
    run(1, ["vk", "create", "--name", "canary"]),
    run(2, ["vk", "create"]),
    run(0, ["budget", "set", "canary", "20usd/month"]),
    run(2, ["budget", "set", virtualKey, "20usd/month"]),
    run(2, ["budget", "show", keys.stranger]),
    run(0, ["budget", "list"]),
    run(0, ["token", "revoke", "cursor"]),
  ]);
});

test("requests: refused, unauthenticated, malformed, streamed, echoed, and their records", async () => {
  const own = { authorization: `Bearer ${virtualKey}` };
  expect(await ask({ authorization: `Bearer ${keys.stranger}` })).toBe(401);
  expect(await ask({ authorization: `Bearer ${keys.anthropic}` })).toBe(401);
  expect(
    await ask({ "x-api-key": keys.stranger, "anthropic-version": "2023-06-01" }, { path: "/v1/messages" }),
  ).toBe(401);
  expect(
    await ask({}, { path: `/v1beta/models/gemini-2.5-flash:generateContent?key=${keys.stranger}` }),
  ).toBe(401);
  expect(
    await ask(own, { body: `{"model":"gpt-4o-mini","messages":[{"content":${JSON.stringify(prompt)}` }),
  ).toBe(400);
  expect(await ask(own, { body: `{"model":"a","model":${JSON.stringify(prompt)}}` })).toBe(400);
  expect(await ask(own, { path: `/c/openai/v1/organization/${keys.stranger}` })).toBe(403);
  expect(await ask(own, { path: "/c/nowhere/v1/chat/completions" })).toBe(400);
  upstream.behave(echoing);
  expect(await ask(own)).toBe(401);
  upstream.behave((_, socket) => void socket.destroy());
  expect(await ask(own)).toBe(502);
  upstream.behave(chunked([`data: {"error":{"message":"broken"}}\n\n`, "data: [DONE]\n\n"]));
  expect(
    await ask(own, {
      body: JSON.stringify({
        model: "gpt-4o-mini",
        stream: true,
        messages: [{ role: "user", content: prompt }],
      }),
    }),
  ).toBe(200);
  upstream.behave(good);
  const { requestId } = await home.lastRequest();
  await Promise.all([
    run(0, ["requests", "list", "--json"]),
    run(0, ["requests", "show", requestId]),
    run(0, ["usage", "--by", "key"]),
    run(0, ["usage", "--csv"]),
  ]);
  for (const path of ["/metrics", "/readyz", "/healthz", "/api/openapi.json", "/nothing"]) {
    for (const url of [up.ready.url, up.ready.ui])
      answered.push(await (await fetch(url + path, { headers: own })).text());
  }
});

test("slots, locking and unlocking, with right and wrong secrets", async () => {
  await run(0, ["slots", "add", "passphrase", "--passphrase-stdin"], passphrase);
  const code = await shows(
    "the recovery code",
    ["slots", "add", "recovery-code", "--json"],
    /(?<="recoveryCode": ")[^"]+/g,
  );
  await run(0, ["slots", "list"]);
  await run(0, ["lock"]);
  await Promise.all([
    run(4, ["unlock", "--passphrase-stdin"], wrongPassphrase),
    run(2, ["unlock", "--recovery-code-stdin", "--json"], `${code.slice(0, -2)}xx`),
    run(4, ["keys", "add", "openai", "--stdin", "--base-url", upstream.url, "--name", "late"], keys.openai),
  ]);
  expect(await ask({ authorization: `Bearer ${virtualKey}` })).toBe(503);
  await run(0, ["unlock", "--passphrase-stdin"], passphrase);
  await run(0, ["lock"]);
  await run(0, ["unlock", "--recovery-code-stdin"], code);
});

test("backup, audit log, settings, and what was typed wrong", async () => {
  const file = join(home.folder, "home.age");
  const database = { OWNKEY_DATABASE_URL: `postgres://me:${databasePassword}@127.0.0.1:1/none` };
  await Promise.all([
    backup(file),
    run(0, ["audit", "show", "--limit", "500", "--json"]),
    run(0, ["audit", "verify"]),
    run(0, ["status"]),
    run(0, ["config", "list"], "", database),
    run(1, ["status"], "", { OWNKEY_HOME: join(home.folder, "with-postgres"), ...database }),
    run(2, ["nonsense", keys.argument]),
    run(2, ["unlock", "--passphrase", keys.argument]),
    run(2, ["backup", "create", file, `--passphrase=${keys.argument}`]),
    run(2, ["config", "set", "databaseUrl", database.OWNKEY_DATABASE_URL]),
  ]);
});

async function backup(file: string): Promise<void> {
  const elsewhere = { OWNKEY_HOME: join(home.folder, "elsewhere") };
  const notOne = join(home.home, "control.db");
  await run(0, ["backup", "create", file, "--passphrase-stdin"], backupPassphrase);
  await run(4, ["backup", "verify", file, "--passphrase-stdin", "--json"], wrongPassphrase);
  await run(1, ["backup", "restore", notOne, "--passphrase-stdin"], wrongPassphrase, elsewhere);
}

test("keys in files: shown, taken in, refused, given back, written elsewhere", async () => {
  write(`OPENAI_API_KEY=${keys.inFile}\nANTHROPIC_API_KEY=${keys.login}\n`);
  await run(0, ["adopt", project, "--dry-run"]);
  await run(0, ["adopt", project, "--dry-run", "--json"]);
  expect(canaries.in("the file", readFileSync(join(project, ".env")))).not.toEqual([]);
  await run(0, ["adopt", project, "--yes"]);
  expect(
    canaries.in("the file", readFileSync(join(project, ".env"))).map(({ secret }) => secret),
  ).not.toContain("a key in a file");
  await run(0, ["adopt", "list", "--json"]);
  await run(0, ["adopt", "undo", "--yes", "--json"]);
  upstream.behave(echoing);
  write(`OPENAI_API_KEY=${keys.refusedInFile}\n`);
  await run(0, ["adopt", project, "--yes", "--json"]);
  upstream.behave((_, socket) => void socket.destroy());
  write(`OPENAI_API_KEY=${keys.inFile}\n`);
  await run(1, ["adopt", project, "--yes"]);
  upstream.behave(good);
  await run(2, ["adopt", project]);
  await run(0, ["connections", "set", "azure", "--model", "gpt-4o-mini"]);
  await run(0, ["init", project, "--yes", "--json"]);
  await run(0, ["init", project, "--yes"]);
  await run(0, ["export", "dotenv", "--output", join(project, "out.env")]);
  await run(5, ["export", "env", "--real"]);
  await run(5, ["export", "cursor", "--real", "--json"]);
  await shows(
    "an exported virtual key",
    ["export", "env", "--virtual-key", "out", "--connection", "openai"],
    VIRTUAL_KEY,
  );
  await run(3, ["adopt", "undo", "blob_nothing"]);
});

test("none of it is anywhere: neither while it runs, nor after it has ended", async () => {
  expect(filesBelow(home.home)).toContain("control.db-wal");
  expectNoSecretAnywhere();
  await run(0, ["eject", "--real-keys", "--yes"]);
  // The keys are back where they were, which is what was asked for.
  expect(canaries.inFolder(project)).not.toEqual([]);
  rmSync(project, { recursive: true });
  await run(0, ["down"]);
  expect(await up.exited).toBe(0);
  expectNoSecretAnywhere();
});
