/** The official `openai` client, unmodified, through Ownkey: it behaves as it does directly, and every request is counted. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI, {
  AuthenticationError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { expectBytesOf, expectSameAsDirect, type RawCall, send } from "./support/comparing.ts";
import { ProviderDouble } from "./support/double.ts";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp } from "./support/ownkey.ts";
import { chunked } from "./support/upstream.ts";

const home = new OwnkeyHome();
const providerKey = newKey.openai();
let double: ProviderDouble;
let up: RunningUp;
let virtualKey: string;
let client: OpenAI;

const hello = [{ role: "user" as const, content: "Say hello" }];
/** All four families of names: aimock takes those of the dialect that is asked for. */
const usage = { prompt_tokens: 1234, completion_tokens: 56, input_tokens: 1234, output_tokens: 56 };

beforeAll(async () => {
  double = await ProviderDouble.start([providerKey]);
  const fixed = { id: "answer-1", created: 1_700_000_000 };
  double.mock
    .on(
      { toolName: "get_weather", hasToolResult: false },
      {
        ...fixed,
        usage: { prompt_tokens: 80, completion_tokens: 12, input_tokens: 80, output_tokens: 12 },
        toolCalls: [{ id: "call_1", name: "get_weather", arguments: '{"city":"Tromsø"}' }],
      },
    )
    .onMessage("Say hello", { ...fixed, content: "Hello, wörld ✓", usage }, { chunkSize: 4 })
    .onMessage("Too fast", { error: { message: "slow down", code: "rate_limit_exceeded" }, status: 429 })
    .onMessage("Break", { error: { message: "overheated", type: "server_error" }, status: 500 })
    .onEmbedding("embed", { embedding: [0.5, -0.25, 0.125] });
  up = await home.up();
  await home.addKey("openai", providerKey, "--base-url", `${double.url}/v1`);
  virtualKey = await home.virtualKey("sdk");
  client = new OpenAI({ apiKey: virtualKey, baseURL: `${up.ready.url}/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await double.stop();
  await home.remove();
});

/** Fails unless the provider has seen its own key, and the virtual one nowhere. */
function expectOnlyTheProviderKey(): void {
  expect(double.last.arrived.headers.get("authorization")).toBe(`Bearer ${providerKey}`);
  expect(double.everythingSeen()).not.toContain(virtualKey);
}

test("chat: the answer arrives, and the ledger row has the provider's usage and its price", async () => {
  const answer = await client.chat.completions.create({ model: "gpt-4o-mini", messages: hello });
  expect(answer.choices[0]?.message.content).toBe("Hello, wörld ✓");
  expect(answer.usage).toMatchObject({ prompt_tokens: 1234, completion_tokens: 56 });
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({
    state: "settled",
    end: "complete",
    status: 200,
    verdict: "ok",
    provider: "openai",
    dialect: "openai",
    route: "/v1/chat/completions",
    stream: false,
    modelRequested: "gpt-4o-mini",
    modelAnswered: "gpt-4o-mini",
    inputTokens: 1234,
    outputTokens: 56,
    estimated: false,
    // gpt-4o-mini: $0.15 in, $0.60 out per million.
    // 1234 × 150 nano + 56 × 600 nano = 185 100 + 33 600 = 218 700 nano-dollars
    costUsd: "0.0002187",
  });
});

test("chat, streamed: the SDK sees no usage it has not asked for, and the ledger has it all the same", async () => {
  const stream = await client.chat.completions.create({
    model: "gpt-4o-mini",
    messages: hello,
    stream: true,
  });
  let text = "";
  for await (const chunk of stream) {
    expect(chunk.choices).toHaveLength(1);
    expect(chunk.usage ?? null).toBeNull();
    text += chunk.choices[0]?.delta.content ?? "";
  }
  expect(text).toBe("Hello, wörld ✓");
  expectOnlyTheProviderKey();
  expect(double.last.arrived.body.toString()).toContain(`"include_usage":true`);
  expect(double.last.body.toString()).toContain(`"usage":{"prompt_tokens":1234`);
  expect(await home.lastRequest()).toMatchObject({
    stream: true,
    state: "settled",
    inputTokens: 1234,
    outputTokens: 56,
    costUsd: "0.0002187",
  });
});

test("chat, streamed: a client that asks for usage gets the provider's usage chunk", async () => {
  const stream = await client.chat.completions.create({
    model: "gpt-4o-mini",
    messages: hello,
    stream: true,
    stream_options: { include_usage: true },
  });
  const told = [];
  for await (const chunk of stream) if (chunk.usage) told.push(chunk.usage.total_tokens);
  expect(told).toEqual([1290]);
  expect(await home.lastRequest()).toMatchObject({
    inputTokens: 1234,
    outputTokens: 56,
    costUsd: "0.0002187",
  });
});

test("chat: the SDK's own stream helper assembles a streamed tool call", async () => {
  const runner = client.chat.completions.stream({
    model: "gpt-4o",
    messages: [{ role: "user", content: "What is the weather?" }],
    tools: [WEATHER],
  });
  const [call] = (await runner.finalChatCompletion()).choices[0]?.message.tool_calls ?? [];
  expect(call?.type === "function" ? call.function : undefined).toMatchObject({
    name: "get_weather",
    arguments: '{"city":"Tromsø"}',
  });
  expect(await home.lastRequest()).toMatchObject({
    inputTokens: 80,
    outputTokens: 12,
    // gpt-4o: $2.50 in, $10 out per million. 80 × 2500 + 12 × 10 000 = 320 000 nano-dollars
    costUsd: "0.00032",
  });
});

test("chat: tools, not streamed", async () => {
  const answer = await client.chat.completions.create({
    model: "gpt-4o",
    messages: [{ role: "user", content: "What is the weather?" }],
    tools: [WEATHER],
  });
  expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
  expect(await home.lastRequest()).toMatchObject({ costUsd: "0.00032" });
});

test("responses, whole and streamed", async () => {
  const whole = await client.responses.create({ model: "gpt-5-mini", input: "Say hello" });
  expect(whole.output_text).toBe("Hello, wörld ✓");
  const expected = {
    route: "/v1/responses",
    inputTokens: 1234,
    outputTokens: 56,
    // gpt-5-mini: $0.25 in, $2 out per million. 1234 × 250 + 56 × 2000 = 308 500 + 112 000 nano-dollars
    costUsd: "0.0004205",
  };
  expect(await home.lastRequest()).toMatchObject({ ...expected, stream: false });

  const stream = await client.responses.create({ model: "gpt-5-mini", input: "Say hello", stream: true });
  const kinds: string[] = [];
  let text = "";
  for await (const event of stream) {
    kinds.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  expect(text).toBe("Hello, wörld ✓");
  expect(kinds.at(-1)).toBe("response.completed");
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ ...expected, stream: true });
});

test("embeddings", async () => {
  double.answerNextWith(200, {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.5, -0.25, 0.125] }],
    model: "text-embedding-3-small",
    usage: { prompt_tokens: 8, total_tokens: 8 },
  });
  const answer = await client.embeddings.create({
    model: "text-embedding-3-small",
    input: "embed this",
    encoding_format: "float",
  });
  expect(answer.data[0]?.embedding).toEqual([0.5, -0.25, 0.125]);
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({
    route: "/v1/embeddings",
    inputTokens: 8,
    // text-embedding-3-small: $0.02 per million. 8 × 20 = 160 nano-dollars
    costUsd: "0.00000016",
  });
});

test("cached and reasoning tokens are priced as OpenAI bills them", async () => {
  double.answerNextWith(200, {
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "gpt-5-2025-08-07",
    choices: [{ index: 0, message: { role: "assistant", content: "42" }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 2000,
      completion_tokens: 500,
      total_tokens: 2500,
      prompt_tokens_details: { cached_tokens: 1536, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 448, audio_tokens: 0 },
    },
    service_tier: "default",
  });
  await client.chat.completions.create({ model: "gpt-5", messages: hello });
  expect(await home.lastRequest()).toMatchObject({
    modelRequested: "gpt-5",
    modelAnswered: "gpt-5-2025-08-07",
    serviceTier: "default",
    inputTokens: 2000,
    cachedInputTokens: 1536,
    outputTokens: 500,
    reasoningTokens: 448,
    // gpt-5: $1.25 in, $0.125 cached, $10 out per million; reasoning is part of the output.
    // 464 × 1250 + 1536 × 125 + 500 × 10 000 = 580 000 + 192 000 + 5 000 000 = 5 772 000 nano-dollars
    costUsd: "0.005772",
  });
});

test("a model that nobody has a price for is unpriced, never free", async () => {
  const answer = await client.chat.completions.create({ model: "model-of-tomorrow", messages: hello });
  expect(answer.model).toBe("model-of-tomorrow");
  expect(await home.lastRequest()).toMatchObject({
    inputTokens: 1234,
    outputTokens: 56,
    reservedUsd: null,
    costUsd: null,
    estimated: false,
  });
});

test("models: the list is the provider's, and costs nothing", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toContain("gpt-4o");
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ route: "/v1/models", costUsd: "0" });
});

test("errors are the SDK's own: no such model, too fast, broken, bad provider key", async () => {
  const ask = (content: string) =>
    client.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content }] });
  const failure = async (content: string) => await failureOf(ask(content));

  const missing = await failure("nothing answers this");
  expect(missing).toBeInstanceOf(NotFoundError);
  const limited = await failure("Too fast");
  expect(limited).toBeInstanceOf(RateLimitError);
  expect((limited as RateLimitError).code).toBe("rate_limit_exceeded");
  expect((limited as RateLimitError).headers?.get("retry-after")).toBe("1");
  // An error status before any output is never charged.
  expect(await home.lastRequest()).toMatchObject({ status: 429, verdict: "rate_limited", costUsd: "0" });
  expect(await failure("Break")).toBeInstanceOf(InternalServerError);

  double.answerNextWith(401, { error: { message: "Incorrect API key provided", code: "invalid_api_key" } });
  const refused = await failure("Say hello");
  expect(refused).toBeInstanceOf(AuthenticationError);
  expect(await home.lastRequest()).toMatchObject({ status: 401, verdict: "invalid_key", costUsd: "0" });
});

test("the SDK's own retries go through, each a row of its own; what Ownkey refuses is not retried", async () => {
  const patient = new OpenAI({ apiKey: virtualKey, baseURL: `${up.ready.url}/v1`, maxRetries: 2 });
  const before = (await home.requests()).length;
  double.answerNextWith(503, { error: { message: "overloaded" } }, { "retry-after-ms": "1" });
  double.answerNextWith(429, { error: { message: "slow down" } }, { "retry-after-ms": "1" });
  const answer = await patient.chat.completions.create({ model: "gpt-4o-mini", messages: hello });
  expect(answer.choices[0]?.message.content).toBe("Hello, wörld ✓");
  await home.lastRequest();
  const rows = (await home.requests()).slice(0, -before);
  expect(rows.map((row) => [row.status, row.costUsd])).toEqual([
    [200, "0.0002187"],
    [429, "0"],
    [503, "0"],
  ]);

  const arrived = double.exchanges.length;
  const failure = await failureOf(patient.post("/organization/admin_api_keys", { body: { name: "mine" } }));
  expect(failure).toBeInstanceOf(PermissionDeniedError);
  expect(double.exchanges).toHaveLength(arrived);
});

test("an unknown virtual key is an AuthenticationError, and nothing reaches the provider", async () => {
  const before = double.exchanges.length;
  const stranger = new OpenAI({ apiKey: newKey.openai(), baseURL: `${up.ready.url}/v1`, maxRetries: 0 });
  const failure = await failureOf(stranger.models.list());
  expect(failure).toBeInstanceOf(AuthenticationError);
  expect((failure as AuthenticationError).code).toBe("invalid_virtual_key");
  expect((failure as AuthenticationError).requestID).toStartWith("req_");
  expect(double.exchanges).toHaveLength(before);
});

test("a client that goes away in mid-stream ends the provider's work, and is charged an estimate", async () => {
  const closed = Promise.withResolvers<void>();
  const first = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "gpt-4o-mini", choices: [{ index: 0, delta: { content: "Once" } }] })}\n\n`;
  double.answerNext(async (arrived, socket) => {
    void arrived.closed.then(closed.resolve);
    await chunked(endless(first))(arrived, socket);
  });
  const stream = await client.chat.completions.create({
    model: "gpt-4o-mini",
    messages: hello,
    max_completion_tokens: 100,
    stream: true,
  });
  for await (const chunk of stream) {
    expect(chunk.choices[0]?.delta.content).toBe("Once");
    break;
  }
  await closed.promise;
  const row = await home.lastRequest();
  expect(row).toMatchObject({ end: "client_gone", state: "estimated", estimated: true });
  expect(row.costUsd).toBe(row.reservedUsd);
});

const auth: Pick<RawCall, "credential"> = { credential: (key) => ({ authorization: `Bearer ${key}` }) };
const chat = { ...auth, path: "/v1/chat/completions" };

test.each([
  ["chat", { ...chat, body: { model: "gpt-4o-mini", messages: hello } }],
  ["chat, streamed", { ...chat, body: { model: "gpt-4o-mini", messages: hello, stream: true } }],
  [
    "chat, streamed with usage",
    {
      ...chat,
      body: { model: "gpt-4o-mini", messages: hello, stream: true, stream_options: { include_usage: true } },
    },
  ],
  [
    "an error of the provider",
    { ...chat, body: { model: "gpt-4o-mini", messages: [{ role: "user", content: "Too fast" }] } },
  ],
  [
    "embeddings",
    { ...auth, path: "/v1/embeddings", body: { model: "text-embedding-3-small", input: "embed" } },
  ],
  ["models", { ...auth, path: "/v1/models", method: "GET" }],
] satisfies [string, RawCall][])("byte for byte as direct: %s", async (_, call) => {
  const keys = { provider: providerKey, virtual: virtualKey };
  await expectSameAsDirect({ double, url: up.ready.url }, keys, call);
});

test("byte for byte what the provider sent: responses, whose ids differ from call to call", async () => {
  for (const stream of [false, true]) {
    const call = {
      ...auth,
      path: "/v1/responses",
      body: { model: "gpt-5-mini", input: "Say hello", stream },
    };
    const through = await send(up.ready.url, virtualKey, call);
    expectBytesOf(double.last, through.body);
  }
});

test("the request arrives as it was sent: its body, and every header but credentials and those of one hop", async () => {
  const body = `{"model":"gpt-4o-mini", "messages":[{"role":"user","content":"Say hello"}],"seed":12345678901234567890,"x":1.0,"y":1e400}`;
  await fetch(`${up.ready.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${virtualKey}`,
      "content-type": "application/json",
      "user-agent": "test/1",
      accept: "application/json",
      "x-stainless-lang": "js",
      "x-custom": "kept",
      cookie: "session=1",
      "x-forwarded-for": "203.0.113.1",
      "openai-organization": "org-other",
    },
    body,
  });
  const { arrived } = double.last;
  expect(arrived.body.toString()).toBe(body);
  expect(Object.fromEntries(arrived.headers)).toEqual({
    accept: "application/json",
    "accept-encoding": "identity",
    authorization: `Bearer ${providerKey}`,
    "content-length": String(body.length),
    "content-type": "application/json",
    host: new URL(double.url).host,
    "user-agent": "test/1",
    "x-custom": "kept",
    "x-stainless-lang": "js",
  });
});

test("`requests list` and `usage` tell the same, and their totals are the sums of the rows", async () => {
  const listed = await home.json<{ items: readonly object[] }>(["requests", "list", "--limit", "100"]);
  const rows = await home.requests();
  expect(listed.items).toEqual(rows as object[]);
  const report = await home.json<UsageReport>(["usage", "--by", "model"]);
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  expect(report.total).toMatchObject({
    requests: rows.length,
    inputTokens: sum((row) => row.inputTokens ?? 0),
    cachedInputTokens: sum((row) => row.cachedInputTokens ?? 0),
    outputTokens: sum((row) => row.outputTokens ?? 0),
    estimated: rows.filter((row) => row.estimated).length,
    unpriced: rows.filter((row) => row.costUsd === null).length,
  });
  expect(nanos(report.total.costUsd)).toBe(rows.reduce((total, row) => total + nanos(row.costUsd), 0n));
  expect(report.items.reduce((total, item) => total + nanos(item.costUsd), 0n)).toBe(
    nanos(report.total.costUsd),
  );
});

interface UsageReport {
  readonly items: readonly { readonly costUsd: string | null }[];
  readonly total: { readonly costUsd: string | null };
}

function nanos(usd: string | null): bigint {
  const [whole = "0", places = ""] = (usd ?? "0").split(".");
  return BigInt(whole) * 1_000_000_000n + BigInt(places.padEnd(9, "0"));
}

/** Ends when the reader does. */
async function* endless(piece: string): AsyncGenerator<string> {
  for (;;) {
    yield piece;
    await Bun.sleep(1);
  }
}

const WEATHER = {
  type: "function" as const,
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
