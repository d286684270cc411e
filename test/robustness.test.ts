/** Bad input and bad neighbours: each gets a clear answer, and nothing is lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { newKey } from "./support/keys.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";
import { ANSWER, type ErrorBody, hello, Stage } from "./support/stage.ts";
import { json } from "./support/upstream.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});

beforeEach(() => stage.upstream.behave(json(200, ANSWER)));

afterAll(() => stage.close());

describe("request bodies", () => {
  test.each([
    ["malformed JSON", `{"model":"gpt-4o-mini","messages":[`, "invalid_input"],
    ["JSON that is no object", `[1,2]`, "invalid_input"],
    ["text after the JSON", `{"model":"a"} {"model":"b"}`, "invalid_input"],
    ["JSON nested without end", `{"model":"a","x":${"[".repeat(100_000)}`, "invalid_input"],
    ["two models", `{"model":"gpt-4o-mini","model":"gpt-5","messages":[]}`, "ambiguous_body"],
    [
      "two models in different letters",
      `{"model":"gpt-4o-mini","MODEL":"gpt-5","messages":[]}`,
      "ambiguous_body",
    ],
    [
      "two models, one escaped",
      `{"model":"gpt-4o-mini","mod\\u0065l":"gpt-5","messages":[]}`,
      "ambiguous_body",
    ],
    [
      "two output limits",
      `{"model":"gpt-4o-mini","max_tokens":1,"maxTokens":9,"messages":[]}`,
      "ambiguous_body",
    ],
  ])("%s: refused before anything leaves", async (_, body, code) => {
    const message = await stage.expectRefused({ body }, 400, code);
    expect(message).not.toContain("gpt-5");
    await stage.expectServing();
  });

  test("what is not ours to judge arrives as it was: duplicates, big numbers, odd spacing, unknown members", async () => {
    const body = `{ "model" : "gpt-4o-mini","x":12345678901234567890,"x":1.0,"big":1e400,"messages":[] ,"é":"\\u00e9"}`;
    expect((await stage.ask({ body })).status).toBe(200);
    expect(stage.upstream.arrived.at(-1)?.body.toString()).toBe(body);
  });

  test("a body of 20 MB goes through whole", async () => {
    const body = JSON.stringify({ ...hello, padding: "x".repeat(20 * 1024 * 1024) });
    expect((await stage.ask({ body })).status).toBe(200);
    expect(stage.upstream.arrived.at(-1)?.body.length).toBe(body.length);
  });

  test("a body larger than its route takes is refused by its announced length", async () => {
    const before = stage.upstream.arrived.length;
    const { status, text } = await sendRaw(
      stage.up.ready.url,
      rawRequest(
        [
          ...stage.head("POST /v1/chat/completions"),
          "Content-Type: application/json",
          `Content-Length: ${200 * 1024 * 1024}`,
        ],
        "{",
      ),
    );
    expect(status).toBe(413);
    expect(text).toContain("too_large");
    expect(stage.upstream.arrived).toHaveLength(before);
  });

  test("a body shorter than its announced length is never forwarded", async () => {
    const before = stage.upstream.arrived.length;
    const lines = [
      ...stage.head("POST /v1/chat/completions"),
      "Content-Type: application/json",
      "Content-Length: 500",
    ];
    await sendRaw(stage.up.ready.url, rawRequest(lines, JSON.stringify(hello)), { end: true });
    expect(stage.upstream.arrived).toHaveLength(before);
    await stage.expectServing();
  });

  test("a compressed bomb is refused", async () => {
    const before = stage.upstream.arrived.length;
    const response = await fetch(`${stage.up.ready.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${stage.virtualKey}`,
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: Bun.gzipSync(Buffer.alloc(64 * 1024 * 1024, " ")),
    });
    expect(response.status).toBe(413);
    expect(stage.upstream.arrived).toHaveLength(before);
  });
});

/** How each dialect asks, and where its errors hold Ownkey's code. */
const DIALECTS = [
  {
    name: "openai",
    path: "/v1/chat/completions",
    headers: (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` }),
    code: (error: ErrorBody) => error.error.code,
  },
  {
    name: "anthropic",
    path: "/v1/messages",
    headers: (key: string): Record<string, string> => ({
      "x-api-key": key,
      "anthropic-version": "2023-06-01",
    }),
    code: (error: ErrorBody) => error.error.code,
  },
  {
    name: "google",
    path: "/v1beta/models/gemini-2.5-flash:generateContent",
    headers: (key: string): Record<string, string> => ({ "x-goog-api-key": key }),
    code: (error: ErrorBody) => error.error.details?.[0]?.reason,
  },
] as const;

describe("who asks for what", () => {
  test.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))(
    "%s: an unknown virtual key, a bad body and a missing body are told in the dialect",
    async (_, dialect) => {
      const before = stage.upstream.arrived.length;
      const post = async (key: string, body: string) => {
        const response = await fetch(stage.up.ready.url + dialect.path, {
          method: "POST",
          headers: { "content-type": "application/json", ...dialect.headers(key) },
          body,
        });
        return { status: response.status, code: dialect.code((await response.json()) as ErrorBody) };
      };
      const unknown = `${stage.virtualKey.slice(0, -1)}${stage.virtualKey.endsWith("0") ? "1" : "0"}`;
      expect(await post(unknown, "{}")).toEqual({ status: 401, code: "invalid_virtual_key" });
      expect(await post(stage.providerKey, "{}")).toEqual({ status: 401, code: "invalid_virtual_key" });
      expect(await post("", "{}")).toEqual({ status: 401, code: "invalid_virtual_key" });
      expect(await post(stage.virtualKey, "{")).toEqual({ status: 400, code: "invalid_input" });
      expect(stage.upstream.arrived).toHaveLength(before);
    },
  );

  test("a connection that does not speak the dialect of the request is not tried", async () => {
    // An Anthropic request, aimed by its path prefix at the OpenAI connection.
    const response = await fetch(`${stage.up.ready.url}/c/openai/v1/messages`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": stage.virtualKey,
      },
      body: JSON.stringify({ ...hello, max_tokens: 5 }),
    });
    const { error } = (await response.json()) as ErrorBody;
    expect([response.status, error.code]).toEqual([403, "not_allowed"]);
  });

  test("two connections that fit are never chosen between", async () => {
    const { id } = await stage.home.call<{ id: string }>("keys.add", {
      provider: "openai",
      value: newKey.openai(),
      baseUrl: `${stage.upstream.url}/other`,
      connection: "second",
      test: false,
    });
    const message = await stage.expectRefused({}, 400, "ambiguous_connection");
    expect(message).toContain("openai, second");
    expect((await stage.ask({ path: "/c/second/v1/chat/completions" })).status).toBe(200);
    expect((await stage.ask({ body: { ...hello, model: "openai/gpt-4o-mini" } })).status).toBe(200);
    expect(stage.upstream.arrived.at(-1)?.headers.get("authorization")).toBe(`Bearer ${stage.providerKey}`);
    await stage.home.call("keys.remove", { ref: id });
    await stage.home.call("connections.remove", { ref: "second" });
    await stage.expectServing();
  });

  test("two different valid keys in one request are refused", async () => {
    const other = (await stage.home.call<{ key: string }>("vk.create", { name: "other" })).key;
    await stage.expectRefused({ headers: { "x-api-key": other } }, 401, "invalid_virtual_key");
    expect((await stage.ask({ headers: { "x-api-key": "placeholder" } })).status).toBe(200);
  });

  test("a revoked virtual key, a disabled one and a disabled provider key count from the next request on", async () => {
    const key = await stage.home.virtualKey("short-lived");
    expect((await stage.ask({ key })).status).toBe(200);
    await stage.home.json(["vk", "disable", "short-lived"]);
    await stage.expectRefused({ key }, 401, "invalid_virtual_key");
    await stage.home.json(["vk", "enable", "short-lived"]);
    expect((await stage.ask({ key })).status).toBe(200);
    await stage.home.json(["vk", "revoke", "short-lived"]);
    await stage.expectRefused({ key }, 401, "invalid_virtual_key");

    await stage.home.json(["keys", "disable", "openai/main"]);
    await stage.expectRefused({}, 400, "no_connection");
    await stage.home.json(["keys", "enable", "openai/main"]);
    await stage.expectServing();
  });

  test("a locked vault: 503 in the caller's dialect, not ready on both ports, and all well after unlocking", async () => {
    await stage.home.call("vault.lock");
    for (const dialect of DIALECTS) {
      const response = await fetch(stage.up.ready.url + dialect.path, {
        method: "POST",
        headers: { "content-type": "application/json", ...dialect.headers(stage.virtualKey) },
        body: JSON.stringify(hello),
      });
      const code = dialect.code((await response.json()) as ErrorBody);
      expect([dialect.name, response.status, code]).toEqual([dialect.name, 503, "vault_locked"]);
    }
    for (const url of [stage.up.ready.url, stage.up.ready.ui]) {
      const ready = await fetch(`${url}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([503, { reason: "vault_locked" }]);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
    }
    await stage.home.call("vault.unlock");
    expect((await fetch(`${stage.up.ready.url}/readyz`)).status).toBe(200);
    await stage.expectServing();
  });
});

test("a process that hangs while it holds the database: requests go on, changes fail in words, and nothing is lost", async () => {
  const holder = Bun.spawn([process.execPath, "-e", HOLD_DATABASE, `${stage.home.home}/control.db`], {
    stdout: "pipe",
  });
  const reader = holder.stdout.getReader();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("held");
  holder.kill("SIGSTOP");
  try {
    const progress = { served: 0, changed: false };
    const change = stage.home.run(["vk", "create", "--name", "while-held", "--json"]).finally(() => {
      progress.changed = true;
    });
    while (!progress.changed) {
      await stage.expectServing();
      progress.served++;
    }
    const { code, stderr } = await change;
    expect(code).toBe(1);
    expect((JSON.parse(stderr) as ErrorBody).error).toMatchObject({ code: "store_unavailable" });
    expect(progress.served).toBeGreaterThan(10);
  } finally {
    holder.kill("SIGKILL");
    await holder.exited;
  }
  expect((await stage.home.call<{ name: string }>("vk.create", { name: "while-held" })).name).toBe(
    "while-held",
  );
}, 30_000);

const HOLD_DATABASE = `
  const { Database } = require("bun:sqlite");
  // Kept reachable: a database that is collected gives its lock back.
  globalThis.held = new Database(process.argv[1]);
  globalThis.held.run("BEGIN IMMEDIATE");
  process.stdout.write("held");
  setInterval(() => {}, 1000);
`;
