/** The official `@google/genai`, unmodified, through Ownkey: it behaves as it does directly, and every request is counted. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ApiError, GoogleGenAI } from "@google/genai";
import { expectSameAsDirect, type RawCall } from "./support/comparing.ts";
import { ProviderDouble } from "./support/double.ts";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp } from "./support/ownkey.ts";

const home = new OwnkeyHome();
const providerKey = newKey.google();
let double: ProviderDouble;
let up: RunningUp;
let virtualKey: string;
let client: GoogleGenAI;

const MODEL = "gemini-2.5-flash";

beforeAll(async () => {
  double = await ProviderDouble.start([providerKey]);
  double.mock
    .on(
      { toolName: "get_weather", hasToolResult: false },
      {
        usage: { promptTokenCount: 80, candidatesTokenCount: 12, totalTokenCount: 92 },
        toolCalls: [{ name: "get_weather", arguments: '{"city":"Tromsø"}' }],
      },
    )
    .onMessage(
      "Say hello",
      {
        content: "Hello, wörld ✓",
        usage: { promptTokenCount: 1234, candidatesTokenCount: 56, totalTokenCount: 1290 },
      },
      { chunkSize: 4 },
    )
    .onMessage("Too fast", { error: { message: "slow down", type: "RESOURCE_EXHAUSTED" }, status: 429 })
    .onMessage("Break", { error: { message: "overheated", type: "INTERNAL" }, status: 500 })
    .onEmbedding("embed", { embedding: [0.5, -0.25, 0.125] });
  up = await home.up();
  await home.addKey("gemini", providerKey, "--base-url", double.url, "--no-test");
  virtualKey = await home.virtualKey("sdk");
  client = clientWith(virtualKey);
});

afterAll(async () => {
  await double.stop();
  await home.remove();
});

function clientWith(apiKey: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: up.ready.url } });
}

function expectOnlyTheProviderKey(): void {
  const { headers, path } = double.last.arrived;
  expect(headers.get("x-goog-api-key")).toBe(providerKey);
  expect(path).not.toContain("key=");
  expect(double.everythingSeen()).not.toContain(virtualKey);
}

const COUNTED = {
  provider: "google",
  dialect: "google",
  status: 200,
  state: "settled",
  verdict: "ok",
  modelRequested: MODEL,
  inputTokens: 1234,
  outputTokens: 56,
  // gemini-2.5-flash: $0.30 in, $2.50 out per million. 1234 × 300 + 56 × 2500 = 370 200 + 140 000 nano-dollars
  costUsd: "0.0005102",
};

test("generateContent", async () => {
  const answer = await client.models.generateContent({ model: MODEL, contents: "Say hello" });
  expect(answer.text).toBe("Hello, wörld ✓");
  expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 1234, candidatesTokenCount: 56 });
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: false });
});

test("generateContentStream", async () => {
  let text = "";
  for await (const chunk of await client.models.generateContentStream({
    model: MODEL,
    contents: "Say hello",
  })) {
    text += chunk.text ?? "";
  }
  expect(text).toBe("Hello, wörld ✓");
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: true });
});

test("a chat of several turns, with tools", async () => {
  const chat = client.chats.create({
    model: MODEL,
    config: { tools: [{ functionDeclarations: [{ name: "get_weather", description: "of a city" }] }] },
  });
  const answer = await chat.sendMessage({ message: "What is the weather?" });
  expect(answer.functionCalls).toEqual([
    expect.objectContaining({ name: "get_weather", args: { city: "Tromsø" } }),
  ]);
  expect(await home.lastRequest()).toMatchObject({
    inputTokens: 80,
    outputTokens: 12,
    // 80 × 300 + 12 × 2500 = 24 000 + 30 000 nano-dollars
    costUsd: "0.000054",
  });
});

test("cached input and thoughts are priced as Google bills them", async () => {
  double.answerNextWith(200, {
    candidates: [{ content: { role: "model", parts: [{ text: "42" }] }, finishReason: "STOP", index: 0 }],
    usageMetadata: {
      promptTokenCount: 5000,
      cachedContentTokenCount: 4000,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 300,
      totalTokenCount: 5320,
    },
    modelVersion: MODEL,
  });
  await client.models.generateContent({ model: MODEL, contents: "Say hello" });
  expect(await home.lastRequest()).toMatchObject({
    modelAnswered: MODEL,
    inputTokens: 5000,
    cachedInputTokens: 4000,
    outputTokens: 320,
    reasoningTokens: 300,
    // gemini-2.5-flash: $0.30 in, $0.03 cached, $2.50 out per million; thoughts are output.
    // 1000 × 300 + 4000 × 30 + 320 × 2500 = 300 000 + 120 000 + 800 000 = 1 220 000 nano-dollars
    costUsd: "0.00122",
  });
});

test("embeddings: the vector arrives, and what the provider did not count is not invented", async () => {
  double.answerNextWith(200, { embeddings: [{ values: [0.5, -0.25, 0.125] }] });
  const answer = await client.models.embedContent({ model: "gemini-embedding-001", contents: "embed this" });
  expect(answer.embeddings?.[0]?.values).toEqual([0.5, -0.25, 0.125]);
  expectOnlyTheProviderKey();
  const row = await home.lastRequest();
  expect(row).toMatchObject({ status: 200, inputTokens: null, estimated: true });
  expect(row.costUsd).toBe(row.reservedUsd);
});

test("counting tokens and listing models cost nothing", async () => {
  double.answerNextWith(200, { totalTokens: 14 });
  expect(await client.models.countTokens({ model: MODEL, contents: "Say hello" })).toMatchObject({
    totalTokens: 14,
  });
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ costUsd: "0" });
  double.answerNextWith(200, { models: [{ name: `models/${MODEL}`, version: "001", displayName: "Flash" }] });
  const names = [];
  for await (const model of await client.models.list()) names.push(model.name);
  expect(names).toEqual([`models/${MODEL}`]);
  expectOnlyTheProviderKey();
  expect(await home.lastRequest()).toMatchObject({ costUsd: "0" });
});

test("errors are the SDK's own, with the provider's status", async () => {
  const failure = async (contents: string) => {
    const error: unknown = await failureOf(client.models.generateContent({ model: MODEL, contents }));
    expect(error).toBeInstanceOf(ApiError);
    return (error as ApiError).status;
  };
  expect(await failure("nothing answers this")).toBe(404);
  expect(await failure("Too fast")).toBe(429);
  expect(await failure("Break")).toBe(500);
  // Google answers 400 for a key that it does not know.
  double.answerNextWith(400, {
    error: {
      code: 400,
      message: "API key not valid. Please pass a valid API key.",
      status: "INVALID_ARGUMENT",
      details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
    },
  });
  expect(await failure("Say hello")).toBe(400);
  expect(await home.lastRequest()).toMatchObject({ status: 400, verdict: "invalid_key", costUsd: "0" });
});

test("an unknown virtual key is an ApiError 401 in Google's envelope", async () => {
  const before = double.exchanges.length;
  const error: unknown = await failureOf(
    clientWith(newKey.google()).models.generateContent({ model: MODEL, contents: "Say hello" }),
  );
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).status).toBe(401);
  expect((error as ApiError).message).toContain("invalid_virtual_key");
  expect(double.exchanges).toHaveLength(before);
});

const generate = {
  path: `/v1beta/models/${MODEL}:generateContent`,
  credential: (key: string) => ({ "x-goog-api-key": key }),
};
const contents = (text: string) => ({ contents: [{ role: "user", parts: [{ text }] }] });

test.each([
  ["generateContent", { ...generate, body: contents("Say hello") }],
  [
    "streamGenerateContent",
    {
      ...generate,
      path: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`,
      body: contents("Say hello"),
    },
  ],
  ["an error of the provider", { ...generate, body: contents("Too fast") }],
] satisfies [string, RawCall][])("byte for byte as direct: %s", async (_, call) => {
  await expectSameAsDirect(
    { double, url: up.ready.url },
    { provider: providerKey, virtual: virtualKey },
    call,
  );
});

test("the key in the query is taken for a credential, and goes no further", async () => {
  const url = `${up.ready.url}/v1beta/models/${MODEL}:generateContent?key=${virtualKey}`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(contents("Say hello")) });
  expect(answer.status).toBe(200);
  expectOnlyTheProviderKey();
});
