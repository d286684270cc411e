/** The official `@anthropic-ai/sdk`, unmodified, through Ownkey: it behaves as it does directly, and every request is counted. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import Anthropic, {
  AuthenticationError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { expectBytesOf, expectSameAsDirect, type RawCall, send } from "./support/comparing.ts";
import { ProviderDouble } from "./support/double.ts";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp } from "./support/ownkey.ts";

const home = new OwnkeyHome();
const providerKey = newKey.anthropic();
let double: ProviderDouble;
let up: RunningUp;
let virtualKey: string;
let client: Anthropic;

const hello = [{ role: "user" as const, content: "Say hello" }];
const asked = { model: "claude-haiku-4-5", max_tokens: 200, messages: hello };

beforeAll(async () => {
  double = await ProviderDouble.start([providerKey]);
  double.mock
    .on(
      { toolName: "get_weather", hasToolResult: false },
      {
        id: "msg_1",
        usage: { input_tokens: 80, output_tokens: 12 },
        toolCalls: [{ id: "toolu_1", name: "get_weather", arguments: '{"city":"Tromsø"}' }],
      },
    )
    .onMessage(
      "Say hello",
      { id: "msg_2", content: "Hello, wörld ✓", usage: { input_tokens: 1234, output_tokens: 56 } },
      { chunkSize: 4 },
    )
    .onMessage("Too fast", { error: { message: "slow down", type: "rate_limit_error" }, status: 429 })
    .onMessage("Break", { error: { message: "overheated", type: "api_error" }, status: 500 });
  up = await home.up();
  await home.addKey("anthropic", providerKey, "--base-url", double.url);
  virtualKey = await home.virtualKey("sdk");
  client = new Anthropic({ apiKey: virtualKey, baseURL: up.ready.url, maxRetries: 0 });
});

afterAll(async () => {
  await double.stop();
  await home.remove();
});

function expectOnlyTheProviderKey(): void {
  const { headers } = double.last.arrived;
  expect(headers.get("x-api-key")).toBe(providerKey);
  expect(headers.get("authorization")).toBeUndefined();
  expect(double.everythingSeen()).not.toContain(virtualKey);
}

const COUNTED = {
  provider: "anthropic",
  dialect: "anthropic",
  route: "/v1/messages",
  status: 200,
  state: "settled",
  verdict: "ok",
  modelAnswered: "claude-haiku-4-5",
  inputTokens: 1234,
  outputTokens: 56,
  // claude-haiku-4-5: $1 in, $5 out per million. 1234 × 1000 + 56 × 5000 = 1 234 000 + 280 000 nano-dollars
  costUsd: "0.001514",
};

test("messages", async () => {
  const answer = await client.messages.create(asked);
  expect(answer.content).toEqual([expect.objectContaining({ type: "text", text: "Hello, wörld ✓" })]);
  expect(answer.usage).toMatchObject({ input_tokens: 1234, output_tokens: 56 });
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: false });
});

test("messages, streamed: as events, and through the SDK's helper", async () => {
  const kinds: string[] = [];
  let text = "";
  for await (const event of await client.messages.create({ ...asked, stream: true })) {
    kinds.push(event.type);
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") text += event.delta.text;
  }
  expect(text).toBe("Hello, wörld ✓");
  expect([kinds[0], kinds.at(-1)]).toEqual(["message_start", "message_stop"]);
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: true });

  const final = await client.messages.stream(asked).finalMessage();
  expect(final.usage).toMatchObject({ input_tokens: 1234, output_tokens: 56 });
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: true });
});

test("tools, whole and streamed", async () => {
  const call = {
    ...asked,
    messages: [{ role: "user" as const, content: "What is the weather?" }],
    tools: [{ name: "get_weather", input_schema: { type: "object" as const } }],
  };
  const use = expect.objectContaining({ type: "tool_use", name: "get_weather", input: { city: "Tromsø" } });
  expect((await client.messages.create(call)).content).toContainEqual(use);
  expect((await client.messages.stream(call).finalMessage()).content).toContainEqual(use);
  expect(await home.lastRequest()).toMatchObject({
    inputTokens: 80,
    outputTokens: 12,
    // 80 × 1000 + 12 × 5000 = 80 000 + 60 000 nano-dollars
    costUsd: "0.00014",
  });
});

test("cache reads and writes stand beside the input, and each has its price", async () => {
  double.answerNextWith(200, {
    id: "msg_3",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5-20251001",
    content: [{ type: "text", text: "ok" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: 10,
      cache_read_input_tokens: 2000,
      cache_creation_input_tokens: 700,
      cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 200 },
      output_tokens: 30,
      service_tier: "standard",
    },
  });
  await client.messages.create({ ...asked, model: "claude-haiku-4-5" });
  expect(await home.lastRequest()).toMatchObject({
    modelRequested: "claude-haiku-4-5",
    modelAnswered: "claude-haiku-4-5-20251001",
    inputTokens: 2710,
    cachedInputTokens: 2000,
    cacheWrite5mTokens: 500,
    cacheWrite1hTokens: 200,
    outputTokens: 30,
    // claude-haiku-4-5: $1 in, $0.10 read, $1.25 written for 5 min, $2 for 1 h, $5 out per million.
    // 10 × 1000 + 2000 × 100 + 500 × 1250 + 200 × 2000 + 30 × 5000
    //   = 10 000 + 200 000 + 625 000 + 400 000 + 150 000 = 1 385 000 nano-dollars
    costUsd: "0.001385",
  });
});

test("counting tokens and listing models cost nothing", async () => {
  double.answerNextWith(200, { input_tokens: 14 });
  expect(await client.messages.countTokens({ model: "claude-haiku-4-5", messages: hello })).toEqual({
    input_tokens: 14,
  });
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ route: "/v1/messages/count_tokens", costUsd: "0" });
  double.answerNextWith(200, {
    data: [
      { type: "model", id: "claude-haiku-4-5", display_name: "Haiku", created_at: "2025-10-15T00:00:00Z" },
    ],
    has_more: false,
    first_id: "claude-haiku-4-5",
    last_id: "claude-haiku-4-5",
  });
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual(["claude-haiku-4-5"]);
  expect(await home.lastRequest()).toMatchObject({ route: "/v1/models", costUsd: "0" });
});

test("errors are the SDK's own", async () => {
  const failure = async (content: string) =>
    await failureOf(client.messages.create({ ...asked, messages: [{ role: "user", content }] }));
  expect(await failure("nothing answers this")).toBeInstanceOf(NotFoundError);
  expect(await failure("Too fast")).toBeInstanceOf(RateLimitError);
  expect(await home.lastRequest()).toMatchObject({ status: 429, verdict: "rate_limited", costUsd: "0" });
  expect(await failure("Break")).toBeInstanceOf(InternalServerError);
  double.answerNextWith(401, {
    type: "error",
    error: { type: "authentication_error", message: "invalid x-api-key" },
  });
  expect(await failure("Say hello")).toBeInstanceOf(AuthenticationError);
  expect(await home.lastRequest()).toMatchObject({ status: 401, verdict: "invalid_key", costUsd: "0" });
});

test("an unknown virtual key is an AuthenticationError in Anthropic's envelope", async () => {
  const stranger = new Anthropic({ apiKey: newKey.anthropic(), baseURL: up.ready.url, maxRetries: 0 });
  const before = double.exchanges.length;
  const failure = await failureOf(stranger.messages.create(asked));
  expect(failure).toBeInstanceOf(AuthenticationError);
  expect((failure as AuthenticationError).requestID).toStartWith("req_");
  expect((failure as AuthenticationError).error).toMatchObject({
    type: "error",
    error: { type: "authentication_error", code: "invalid_virtual_key" },
  });
  expect(double.exchanges).toHaveLength(before);
});

test("the virtual key works as a bearer token too, and with /v1 doubled", async () => {
  const bearer = new Anthropic({
    authToken: virtualKey,
    apiKey: null,
    baseURL: `${up.ready.url}/v1`,
    maxRetries: 0,
  });
  expect((await bearer.messages.create(asked)).id).toBe("msg_2");
  expectOnlyTheProviderKey();
});

const messages = {
  path: "/v1/messages",
  headers: { "anthropic-version": "2023-06-01" },
  credential: (key: string) => ({ "x-api-key": key }),
};

test.each([
  ["messages", { ...messages, body: asked }],
  ["messages, streamed", { ...messages, body: { ...asked, stream: true } }],
  [
    "an error of the provider",
    { ...messages, body: { ...asked, messages: [{ role: "user", content: "Too fast" }] } },
  ],
] satisfies [string, RawCall][])("byte for byte as direct: %s", async (_, call) => {
  await expectSameAsDirect(
    { double, url: up.ready.url },
    { provider: providerKey, virtual: virtualKey },
    call,
  );
});

test("byte for byte what the provider sent: a streamed tool call", async () => {
  const through = await send(up.ready.url, virtualKey, {
    ...messages,
    body: { ...asked, stream: true, tools: [{ name: "get_weather", input_schema: { type: "object" } }] },
  });
  expectBytesOf(double.last, through.body);
});
