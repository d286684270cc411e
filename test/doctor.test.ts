/** `ownkey doctor` and `ownkey explain-error` as people meet them: real processes, a provider's double, no secret anywhere. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Canaries } from "./support/canary.ts";
import { newKey, randomText } from "./support/keys.ts";
import { OwnkeyHome } from "./support/ownkey.ts";
import { type Behaviour, json, startUpstream, type Upstream } from "./support/upstream.ts";
import { ANSWER } from "./support/stage.ts";

interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly what: string;
  readonly next?: string;
  readonly link?: string;
  readonly fixed?: string;
}

const canaries = new Canaries();
const key = canaries.watch("a key", newKey.openai());
const databasePassword = canaries.watch("a database's password", randomText(24));
const variable = canaries.watch("a key in a variable", newKey.groq());

const home = new OwnkeyHome();
let provider: Upstream;
let behave: Behaviour = json(200, { object: "list", data: [{ id: "gpt-x", object: "model" }] });

/** Every document of the examination, by id. */
async function examine(args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await home.run(["doctor", "--json", ...args], { env });
  expect(stderr).toBe("");
  const { items } = JSON.parse(stdout) as { items: readonly Outcome[] };
  return {
    code,
    of: (id: string) => items.find((item) => item.id === id),
    items,
    /** Whoever else uses the usual ports of this machine is none of the test's business. */
    failed: items.filter((item) => item.status === "fail" && item.id !== "program.ports").map(({ id }) => id),
  };
}

beforeAll(async () => {
  provider = await startUpstream((arrived, socket) => behave(arrived, socket));
});

afterAll(async () => {
  await home.remove();
  await provider.close();
});

test("before the first start there is nothing to fail, and looking makes nothing", async () => {
  const { failed, of } = await examine();
  expect(of("vault.open")).toMatchObject({ status: "skip" });
  expect(of("program.running")).toMatchObject({ status: "warn" });
  expect(failed).toEqual([]);
  expect(existsSync(home.home)).toBe(false);
}, 20_000);

test("without a running program it opens the home by itself", async () => {
  await home.addKey("openai", key, "--base-url", provider.url, "--model", "gpt-x");
  const { failed, of } = await examine();
  expect(of("keys.test:openai/main")).toMatchObject({ status: "ok" });
  expect(of("connections.reach:openai")).toMatchObject({ status: "ok" });
  expect(failed).toEqual([]);
  await home.up();
  expect((await examine()).code).toBe(0);
  await home.run(["down"]);
}, 20_000);

test("what others can read is refused, and mended with --fix", async () => {
  const file = join(home.home, "control.db");
  chmodSync(file, 0o644);
  chmodSync(home.home, 0o755);
  const before = await examine();
  expect(before.code).toBe(1);
  expect(before.of("machine.permissions")).toMatchObject({ status: "fail" });
  expect(before.of("vault.open")).toMatchObject({ status: "fail" });
  const after = await examine(["--fix"]);
  expect(after.of("machine.permissions")).toMatchObject({ status: "ok", fixed: expect.any(String) });
  expect(after.of("vault.open")).toMatchObject({ status: "ok" });
  expect(statSync(home.home).mode & 0o777).toBe(0o700);
}, 20_000);

test.each([
  [
    "Invalid API Key",
    401,
    { code: "invalid_api_key", message: "Incorrect API key provided: KEY." },
    "api-keys",
  ],
  ["Rate Limited", 429, { code: "rate_limit_exceeded", type: "requests", message: "slow" }, "limits"],
  [
    "Insufficient Quota",
    429,
    { code: "insufficient_quota", message: "You exceeded your current quota" },
    "billing",
  ],
  ["Model Not Available", 404, { code: "model_not_found", message: "The model does not exist" }, "limits"],
] as const)(
  "%s leads to its cause and its page, and no key out",
  async (title, status, error, page) => {
    const refuses = json(status, { error: { ...error, message: error.message.replace("KEY", key) } });
    const lists = json(200, { object: "list", data: [{ id: "gpt-x", object: "model" }] });
    // A model is asked for by the second call.
    behave = (arrived, socket) =>
      (status === 404 && arrived.path === "/v1/models" ? lists : refuses)(arrived, socket);
    await home.up();
    const { of, items } = await examine();
    expect(of("keys.test:openai/main")).toMatchObject({
      status: title === "Rate Limited" ? "warn" : "fail",
      what: expect.stringContaining(title),
      link: expect.stringContaining(page),
    });
    expect(of("connections.reach:openai")).toMatchObject({ status: "ok" });
    expect(canaries.in("the doctor", JSON.stringify(items))).toEqual([]);
    await home.run(["down"]);
  },
  20_000,
);

test("a provider that is gone is told once, and not as a bad key", async () => {
  await home.addKey(
    "openai",
    newKey.openai(),
    "--connection",
    "gone",
    "--base-url",
    "http://127.0.0.1:9",
    "--no-test",
  );
  const { of } = await examine();
  expect(of("connections.reach:gone")).toMatchObject({ status: "fail" });
  expect(of("keys.test:gone/main")).toMatchObject({ status: "skip" });
  await home.run(["keys", "disable", "gone/main"]);
}, 20_000);

test("one request is told from its id: what happened, what it cost, what to do", async () => {
  const up = await home.up();
  const virtualKey = await home.virtualKey("told");
  const ask = async (model: string) => {
    const response = await fetch(`${up.ready.url}/c/openai/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${virtualKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }),
    });
    await response.text();
    await home.lastRequest();
    return response.headers.get("x-ownkey-request-id") ?? "";
  };
  behave = json(200, ANSWER);
  const good = await home.json<{ story: string[]; next: string }>(["doctor", await ask("gpt-4.1-mini")]);
  expect(good.story.join(" ")).toMatch(/told asked .*openai\/main.*answered 200.*It cost \$/s);
  expect(good.next).toBe("Nothing to do.");
  behave = json(429, { error: { code: "insufficient_quota", message: "no money" } });
  const bad = await home.json(["doctor", await ask("gpt-4.1-mini")]);
  expect(bad).toMatchObject({ title: "Insufficient Quota", verdict: "quota_exhausted" });
  expect((await home.run(["doctor", "req_unknown"])).code).toBe(3);
  expect((await home.run(["doctor", "req_unknown", "--fix"])).code).toBe(2);
}, 20_000);

test("a support bundle holds what helps and no secret", async () => {
  const file = join(home.folder, "bundle.json");
  writeFileSync(join(home.home, "log", "ownkey.log"), `{"event":"x","text":"${key}"}\n`, { flag: "a" });
  behave = json(401, { error: { message: `Incorrect API key provided: ${key}` } });
  const { code } = await home.run(["doctor", "--bundle", file], {
    env: { GROQ_API_KEY: variable, HTTPS_PROXY: `http://u:${databasePassword}@127.0.0.1:1` },
  });
  expect(code).toBe(1);
  const text = readFileSync(file, "utf8");
  expect(canaries.in("the bundle", text)).toEqual([]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(Object.keys(JSON.parse(text) as object)).toEqual(
    expect.arrayContaining(["checks", "inventory", "settings", "variables", "log", "version"]),
  );
  expect(text).toContain("GROQ_API_KEY");
}, 20_000);

test("explain-error reads standard input, needs no home, and gives no secret back", async () => {
  const stdin = `openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: ${key}', 'code': 'invalid_api_key'}}`;
  const env = { OWNKEY_HOME: join(home.folder, "no-home") };
  const { code, stdout } = await home.run(["explain-error"], { stdin, env });
  expect(code).toBe(0);
  expect(stdout).toContain("Invalid API Key");
  expect(existsSync(env.OWNKEY_HOME)).toBe(false);
  expect((await home.run(["explain-error", `401 ${key}`])).code).toBe(2);
  expect((await home.run(["explain-error"])).code).toBe(2);
  expect(canaries.in("what was printed", home.printed.join("\n"))).toEqual([]);
}, 20_000);
