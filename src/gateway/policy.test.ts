// Who may do what: keys, routes, models, connections, objects of others; and every refusal in the caller's dialect.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { json, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import { AppError } from "../kernel/index.ts";
import {
  connection,
  OTHER_VIRTUAL_KEY,
  PROVIDER_KEY,
  startGateway,
  type TestGateway,
  VIRTUAL_KEY,
  virtualKey,
} from "./gateway.testing.ts";

const ASKED = { model: "gpt-x", messages: [] };

let upstream: Upstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(json(200, { id: "x", usage: { prompt_tokens: 1, completion_tokens: 1 } }));
  const baseUrl = upstream.url;
  gateway = startGateway({
    connections: [
      connection("openai", "openai", { baseUrl }),
      connection("claude", "anthropic", { baseUrl }),
      connection("gemini", "google", { baseUrl }),
    ],
  });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const allow = (policy: Parameters<typeof virtualKey>[0]) =>
  gateway.directory.keys.set(VIRTUAL_KEY, { virtualKey: virtualKey(policy), tool: null });

async function refusal(answer: Response): Promise<{ status: number; code: string; message: string }> {
  const body = (await answer.json()) as {
    error: { code: string | number; message: string; details?: { reason?: string }[] };
  };
  const { code, message, details } = body.error;
  return {
    status: answer.status,
    code: String(typeof code === "number" ? details?.[0]?.reason : code),
    message,
  };
}

const lastSeen = () => upstream.arrived.at(-1);

test("every place for a key is taken, and each provider gets its own key in its own place", async () => {
  const asks: [string, Record<string, string>, string][] = [
    ["/v1/chat/completions", { authorization: `Bearer ${VIRTUAL_KEY}` }, "authorization"],
    ["/v1/chat/completions", { "api-key": VIRTUAL_KEY }, "authorization"],
    ["/v1/messages", { "x-api-key": VIRTUAL_KEY, "anthropic-version": "2023-06-01" }, "x-api-key"],
    ["/v1beta/models/gemini-x:generateContent", { "x-goog-api-key": VIRTUAL_KEY }, "x-goog-api-key"],
    [`/v1beta/models/gemini-x:generateContent?key=${VIRTUAL_KEY}`, {}, "x-goog-api-key"],
  ];
  for (const [path, headers, place] of asks) {
    const answer = await fetch(`${gateway.url}${path}`, {
      method: "POST",
      body: JSON.stringify(ASKED),
      headers,
    });
    expect(answer.status).toBe(200);
    expect(lastSeen()?.headers.get(place)).toContain(PROVIDER_KEY);
    expect(JSON.stringify([lastSeen()?.path, ...(lastSeen()?.headers ?? [])])).not.toContain(VIRTUAL_KEY);
  }
});

test("no key, an unknown one and two different valid ones get the same 401", async () => {
  gateway.directory.keys.set(OTHER_VIRTUAL_KEY, { virtualKey: virtualKey({}, "vk_other"), tool: null });
  const ask = (headers: Record<string, string>) =>
    fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(ASKED), headers });
  const answers = await Promise.all([
    ask({}),
    ask({ authorization: "Bearer nobody" }),
    ask({ authorization: `Bearer ${VIRTUAL_KEY}`, "x-api-key": OTHER_VIRTUAL_KEY }),
  ]);
  const refusals = await Promise.all(answers.map(refusal));
  expect(new Set(refusals.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(refusals[0]).toMatchObject({ status: 401, code: "invalid_virtual_key" });
  expect(upstream.arrived.length).toBe(0);
  // A placeholder beside a valid key harms nobody.
  expect((await ask({ authorization: `Bearer ${VIRTUAL_KEY}`, "x-api-key": "placeholder" })).status).toBe(
    200,
  );
});

test("own errors speak the caller's dialect", async () => {
  const bad = { method: "POST", body: "{}", headers: { authorization: "Bearer x" } };
  const openai = await (await fetch(`${gateway.url}/v1/chat/completions`, bad)).json();
  expect(openai).toMatchObject({ error: { type: "authentication_error", code: "invalid_virtual_key" } });
  const anthropic = await (await fetch(`${gateway.url}/v1/messages`, bad)).json();
  expect(anthropic).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  const answer = await fetch(`${gateway.url}/v1beta/models/m:generateContent`, bad);
  expect(await answer.json()).toMatchObject({ error: { code: 401, status: "UNAUTHENTICATED" } });
  expect(answer.headers.get("x-should-retry")).toBe("false");
});

test("routes that administer are denied whatever the policy says; unknown ones need --paths", async () => {
  allow({ paths: ["*"] });
  for (const path of [
    "/v1/organization/admin_api_keys",
    "/v1/%6Frganization/users",
    "/v1/realtime/client_secrets",
  ]) {
    expect(await refusal(await gateway.post(`/c/openai${path}`, {}))).toMatchObject({
      status: 403,
      code: "not_allowed",
    });
  }
  expect((await gateway.post("/c/openai/v1/assistants", {})).status).toBe(200);
  allow({});
  expect((await gateway.post("/c/openai/v1/assistants", {})).status).toBe(403);
  expect(upstream.arrived.length).toBe(1);
});

test("a list of models holds in every spelling of the body", async () => {
  allow({ models: ["gpt-x*"] });
  expect((await gateway.post("/v1/chat/completions", ASKED)).status).toBe(200);
  const tries = [
    { ...ASKED, model: "gpt-y" },
    { messages: [] },
    { ...ASKED, models: ["gpt-y"] },
    { Model: "gpt-y", messages: [] },
  ];
  for (const body of tries) {
    expect(await refusal(await gateway.post("/v1/chat/completions", body))).toMatchObject({
      status: 403,
      code: "not_allowed",
    });
  }
  const twice = await gateway.post("/v1/chat/completions", `{"model":"gpt-x","mod\\u0065l":"gpt-y"}`);
  expect(await refusal(twice)).toMatchObject({ status: 400, code: "ambiguous_body" });
  expect(upstream.arrived.length).toBe(1);
});

test("tools bring no model of their own past a list of models", async () => {
  allow({ models: ["gpt-x", "image-ok"] });
  const ask = async (tools: unknown) =>
    (await gateway.post("/c/openai/v1/responses", { model: "gpt-x", input: "hi", tools })).status;
  expect(await ask([{ type: "image_generation", model: "image-dear" }])).toBe(403);
  expect(await ask([{ type: "x" }, { type: "image_generation", Model: "image-dear" }])).toBe(403);
  expect(await ask([{ type: "image_generation", model: ["image-dear"] }])).toBe(403);
  expect(await ask({ model: "image-dear" })).toBe(403);
  const parameters = { type: "object", properties: { model: { type: "string" } } };
  const harmless = { type: "function", name: "f", parameters };
  expect(await ask([{ type: "image_generation", model: "image-ok" }, harmless, harmless])).toBe(200);
});

test("a tuned model is named by its path, not by the body beside it", async () => {
  allow({ models: ["gemini-x"] });
  const path = "/v1beta/tunedModels/other:generateContent";
  const answer = await gateway.post(path, { model: "gemini-x", contents: [] });
  expect(await refusal(answer)).toMatchObject({ status: 403, code: "not_allowed" });
  allow({ models: ["tunedModels/*"] });
  expect((await gateway.post(path, { contents: [] })).status).toBe(200);
});

test("a connection is named by prefix or in the model, implied by dialect, and never guessed", async () => {
  gateway.directory.list.push(connection("second", "openai", { baseUrl: upstream.url }));
  const ambiguous = await refusal(await gateway.post("/v1/chat/completions", ASKED));
  expect(ambiguous).toMatchObject({ status: 400, code: "ambiguous_connection" });
  expect(ambiguous.message).toContain("openai, second");
  await gateway.post("/c/second/v1/chat/completions", ASKED);
  await gateway.post("/v1/chat/completions", { ...ASKED, model: "second/gpt-x" });
  expect(lastSeen()?.body.toString()).toBe(JSON.stringify(ASKED));
  await gateway.post("/v1/messages", ASKED);
  allow({ defaultConnection: "conn_openai" });
  await gateway.post("/v1/chat/completions", ASKED);
  const used = (await gateway.ledger.settledRows(4)).map(({ reserved }) => reserved.connectionId);
  expect(used).toEqual(["conn_second", "conn_second", "conn_claude", "conn_openai"]);
});

test("the only connection there is takes what its provider serves, in whatever dialect", async () => {
  gateway.directory.list.splice(0, 2);
  await gateway.post("/v1/chat/completions", { ...ASKED, stream: true });
  expect(lastSeen()?.headers.get("authorization")).toBe(`Bearer ${PROVIDER_KEY}`);
  expect(JSON.parse(lastSeen()?.body.toString() ?? "")).toMatchObject({
    stream_options: { include_usage: true },
  });
  expect(await refusal(await gateway.post("/v1/responses", ASKED))).toMatchObject({
    status: 403,
    code: "not_allowed",
  });
});

test("a name before the slash that is no connection of this key stays part of the model", async () => {
  allow({ connections: ["conn_openai"] });
  await gateway.post("/v1/chat/completions", { ...ASKED, model: "claude/opus" });
  expect(JSON.parse(lastSeen()?.body.toString() ?? "")).toMatchObject({ model: "claude/opus" });
  expect(await refusal(await gateway.post("/c/claude/v1/messages", ASKED))).toMatchObject({
    code: "no_connection",
  });
});

test("files and responses of one virtual key do not exist for another", async () => {
  gateway.directory.keys.set(OTHER_VIRTUAL_KEY, { virtualKey: virtualKey({}, "vk_other"), tool: null });
  upstream.behave(json(200, { id: "file-mine", object: "file" }));
  const form = new FormData();
  form.set("purpose", "batch");
  form.set("file", new Blob(["{}"]), "a.jsonl");
  expect((await gateway.send("/c/openai/v1/files", { method: "POST", body: form })).status).toBe(200);
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  expect((await gateway.send("/c/openai/v1/files/file-mine", as(VIRTUAL_KEY))).status).toBe(200);
  for (const [id, key] of [
    ["file-mine", OTHER_VIRTUAL_KEY],
    ["file-unknown", VIRTUAL_KEY],
  ] as const) {
    const answer = await gateway.send(`/c/openai/v1/files/${id}`, as(key));
    expect(await refusal(answer)).toMatchObject({ status: 404, code: "not_found" });
  }
  const referring = {
    model: "gpt-x",
    input: [{ role: "user", content: [{ type: "input_file", file_id: "file-mine" }] }],
  };
  const theirs = await gateway.post("/c/openai/v1/responses", referring, as(OTHER_VIRTUAL_KEY).headers);
  expect(theirs.status).toBe(404);
  expect((await gateway.post("/c/openai/v1/responses", referring)).status).toBe(200);
});

test("the place of the next call that a provider names is one of ours, for its own URLs only", async () => {
  const named = { "x-goog-upload-url": `${upstream.url}/upload/v1beta/files?upload_id=1` };
  upstream.behave(json(200, {}, { ...named, "operation-location": "https://elsewhere.example.com/x" }));
  const { headers } = await gateway.post("/upload/v1beta/files", { file: {} });
  const next = headers.get("x-goog-upload-url") ?? "";
  expect(next).toBe(`${gateway.url}/c/gemini/upload/v1beta/files?upload_id=1`);
  expect(headers.get("operation-location")).toBe("https://elsewhere.example.com/x");
  upstream.behave(json(200, { file: { name: "files/abc" } }));
  const upload = { method: "POST", body: "plain text", headers: { "content-type": "text/plain" } };
  await (await gateway.send(next.slice(gateway.url.length), upload)).text();
  expect(lastSeen()).toMatchObject({
    path: "/upload/v1beta/files?upload_id=1",
    body: Buffer.from("plain text"),
  });
  expect(gateway.storedObjects.objects.map(({ id }) => id)).toEqual(["abc"]);
});

test("a list of files holds only the caller's own", async () => {
  gateway.storedObjects.record({
    id: "file-1",
    connectionId: "conn_openai",
    virtualKeyId: "vk_test",
    kind: "file",
  });
  upstream.behave(json(200, { object: "list", data: [{ id: "file-1" }, { id: "file-2" }], has_more: false }));
  const answer = await gateway.send("/c/openai/v1/files");
  expect(await answer.json()).toEqual({ object: "list", data: [{ id: "file-1" }], has_more: false });
});

test.each(["gbk", '"GBK"', "utf-16", "utf-7", "iso-8859-1", "utf-8; charset=gbk"])(
  "a body that is said to be in %s could be read in two ways",
  async (charset) => {
    // Where three bytes of a letter are one and a half characters, the backslash behind them is part of one.
    const hidden = `{"model":"gpt-x","messages":[],"user":"你\\","max_tokens":1,"x":"ü"}`;
    const answer = await gateway.send("/v1/chat/completions", {
      method: "POST",
      body: hidden,
      headers: { "content-type": `application/json; charset=${charset}` },
    });
    expect(await refusal(answer)).toMatchObject({ status: 400, code: "ambiguous_body" });
    expect(lastSeen()).toBeUndefined();
  },
);

test.each(["utf-8", "UTF8", '"utf-8"', "us-ascii", "ISO-8859-1", "latin1"])(
  "a body that is the same in %s passes",
  async (charset) => {
    const answer = await gateway.send("/v1/chat/completions", {
      method: "POST",
      body: JSON.stringify(ASKED),
      headers: { "content-type": `application/json;charset=${charset}` },
    });
    expect(answer.status).toBe(200);
  },
);

test("compressed bodies are read, judged and sent on plain; bombs and nonsense are refused", async () => {
  allow({ models: ["gpt-x"] });
  const send = (body: Uint8Array, coding = "gzip") =>
    gateway.send("/v1/chat/completions", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "content-encoding": coding },
    });
  expect((await send(gzipSync(JSON.stringify(ASKED)))).status).toBe(200);
  expect(lastSeen()?.body.toString()).toBe(JSON.stringify(ASKED));
  expect(lastSeen()?.headers.get("content-encoding")).toBeUndefined();
  expect((await send(gzipSync(JSON.stringify({ ...ASKED, model: "gpt-y" })))).status).toBe(403);
  expect(await refusal(await send(gzipSync(Buffer.alloc(50_000_000, 0x20))))).toMatchObject({
    status: 413,
    code: "too_large",
  });
  expect((await send(Buffer.from("no gzip"))).status).toBe(400);
  expect((await send(Buffer.from("{}"), "compress")).status).toBe(501);
});

test.each([
  ["{", "invalid_input"],
  ["[]", "invalid_input"],
  ["nonsense", "invalid_input"],
  [`{"model":"a","model":"b"}`, "ambiguous_body"],
])("the body %s is a clear error", async (body, code) => {
  expect(await refusal(await gateway.post("/v1/chat/completions", body))).toMatchObject({
    status: 400,
    code,
  });
  expect(gateway.ledger.rows.length).toBe(0);
});

test("a locked vault and a full disk say so, and nothing is forwarded", async () => {
  gateway.ledger.failWith(
    new AppError("storage_full", "the ledger /somewhere/node-1.db is full", { hint: "make room" }),
  );
  const full = await gateway.post("/v1/chat/completions", ASKED);
  expect(await full.clone().text()).not.toContain("/somewhere");
  expect(await refusal(full)).toMatchObject({ status: 503, code: "storage_full" });
  gateway.ledger.failWith(undefined);
  gateway.directory.lock();
  expect(await refusal(await gateway.post("/v1/messages", ASKED))).toMatchObject({
    status: 503,
    code: "vault_locked",
  });
  const ready = await fetch(`${gateway.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ reason: "vault_locked" });
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await fetch(gateway.url, { method: "HEAD" })).status).toBe(200);
  expect(upstream.arrived.length).toBe(0);
});

test("Cursor's Responses-shaped body arrives as the chat request it stands for", async () => {
  await gateway.post("/cursor/v1/chat/completions", {
    model: "gpt-x",
    input: [{ role: "user", content: [{ type: "input_text", text: "hi" }] }],
    tools: [{ type: "function", name: "f", parameters: { type: "object" } }],
  });
  expect(JSON.parse(lastSeen()?.body.toString() ?? "")).toEqual({
    model: "gpt-x",
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
  });
});

test("an audio upload is passed on unchanged, its model read on the way", async () => {
  const form = new FormData();
  form.set("model", "whisper-1");
  form.set("file", new Blob([new Uint8Array(300_000)]), "a.wav");
  const request = new Request("http://x", { method: "POST", body: form });
  const type = request.headers.get("content-type") ?? "";
  const body = await request.bytes();
  allow({ models: ["whisper-*"] });
  const send = () =>
    gateway.send("/v1/audio/transcriptions", { method: "POST", body, headers: { "content-type": type } });
  expect((await send()).status).toBe(200);
  expect(lastSeen()?.body.equals(Buffer.from(body))).toBe(true);
  expect(lastSeen()?.headers.get("content-length")).toBe(String(body.length));
  allow({ models: ["gpt-x"] });
  expect((await send()).status).toBe(403);
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.reserved).toMatchObject({ modelRequested: "whisper-1", bytesIn: body.length });
});

test("denials of a known key are reported with the key, those of nobody without", async () => {
  await fetch(`${gateway.url}/v1/models`, { headers: { authorization: "Bearer nobody" } });
  await gateway.post("/c/openai/v1/assistants", {});
  expect(gateway.denials.map(({ virtualKeyId, reason }) => [virtualKeyId, reason])).toEqual([
    [undefined, "unknown"],
    ["vk_test", "path"],
  ]);
});

test("a virtual key kept to some addresses is refused from others, and one kept to regions reaches no other connection", async () => {
  allow({ addresses: ["10.0.0.0/8"] });
  const away = await gateway.post("/c/openai/v1/chat/completions", ASKED);
  expect(await refusal(away)).toMatchObject({ status: 403, code: "not_allowed" });
  expect(gateway.denials.at(-1)?.reason).toBe("address");
  allow({ addresses: ["127.0.0.0/8"] });
  expect((await gateway.post("/c/openai/v1/chat/completions", ASKED)).status).toBe(200);
  allow({ regions: ["eu"] });
  for (const path of ["/c/openai/v1/chat/completions", "/v1/chat/completions"]) {
    const elsewhere = await gateway.post(path, ASKED);
    expect(await refusal(elsewhere)).toMatchObject({ status: 403, code: "not_allowed" });
    expect(gateway.denials.at(-1)?.reason).toBe("region");
  }
  expect(upstream.arrived).toHaveLength(1);
});

test("who left before the address was looked at is not written down as refused", async () => {
  allow({ addresses: ["127.0.0.0/8"] });
  const headers = { host: `127.0.0.1:${gateway.port}`, authorization: `Bearer ${VIRTUAL_KEY}` };
  const request = new Request(`${gateway.url}/v1/models`, { headers });
  const answer = await gateway.gateway.handle(request, {
    port: gateway.port,
    timeout() {},
    address: () => undefined,
  });
  expect(answer.status).toBe(499);
  expect(gateway.denials).toEqual([]);
  expect(upstream.arrived).toHaveLength(0);
});

test("with no connection at all a request is told so, whatever its body, in its own dialect", async () => {
  gateway.directory.list.splice(0);
  for (const path of ["/v1/chat/completions", "/v1/messages", "/v1beta/models/gemini-x:generateContent"]) {
    const answer = await refusal(await gateway.post(path, ASKED));
    expect(answer).toMatchObject({ status: 400, code: "no_connection" });
    expect(answer.message).toContain("ownkey keys add PROVIDER");
  }
});
