/** The official `AzureOpenAI` client, unmodified, through Ownkey: on the dated route, and on `/openai/v1` with the plain client. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI, {
  AuthenticationError,
  AzureOpenAI,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { expectSameAsDirect, type RawCall } from "./support/comparing.ts";
import { ProviderDouble } from "./support/double.ts";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp } from "./support/ownkey.ts";

const home = new OwnkeyHome();
const providerKey = newKey.azure();
let double: ProviderDouble;
let up: RunningUp;
let virtualKey: string;
let client: AzureOpenAI;

const hello = [{ role: "user" as const, content: "Say hello" }];
const API_VERSION = "2024-10-21";

beforeAll(async () => {
  double = await ProviderDouble.start([providerKey]);
  const fixed = { id: "answer-1", created: 1_700_000_000, model: "gpt-4o-mini-2024-07-18" };
  double.mock
    .on(
      { toolName: "get_weather" },
      {
        ...fixed,
        usage: { prompt_tokens: 80, completion_tokens: 12 },
        toolCalls: [{ id: "call_1", name: "get_weather", arguments: '{"city":"Tromsø"}' }],
      },
    )
    .onMessage("Say hello", {
      ...fixed,
      content: "Hello, wörld ✓",
      usage: { prompt_tokens: 1000, completion_tokens: 100 },
    })
    .onMessage("Too fast", { error: { message: "slow down", code: "429" }, status: 429 });
  up = await home.up();
  await home.addKey(
    "azure",
    providerKey,
    "--endpoint",
    double.url,
    "--deployment",
    "chat=gpt-4o-mini",
    "--no-test",
  );
  virtualKey = await home.virtualKey("sdk");
  client = new AzureOpenAI({
    apiKey: virtualKey,
    endpoint: up.ready.url,
    deployment: "chat",
    apiVersion: API_VERSION,
    maxRetries: 0,
  });
});

afterAll(async () => {
  await double.stop();
  await home.remove();
});

function expectOnlyTheProviderKey(): void {
  const { headers } = double.last.arrived;
  expect(headers.get("api-key")).toBe(providerKey);
  expect(headers.get("authorization")).toBeUndefined();
  expect(double.everythingSeen()).not.toContain(virtualKey);
}

const COUNTED = {
  provider: "azure",
  status: 200,
  state: "settled",
  modelRequested: "chat",
  modelAnswered: "gpt-4o-mini-2024-07-18",
  inputTokens: 1000,
  outputTokens: 100,
  // gpt-4o-mini: $0.15 in, $0.60 out per million. 1000 × 150 + 100 × 600 = 210 000 nano-dollars
  costUsd: "0.00021",
};

test("chat on the dated route: the deployment in the path, the version in the query", async () => {
  const answer = await client.chat.completions.create({ model: "chat", messages: hello });
  expect(answer.choices[0]?.message.content).toBe("Hello, wörld ✓");
  expectOnlyTheProviderKey();
  expect(double.last.arrived.path).toBe(
    `/openai/deployments/chat/chat/completions?api-version=${API_VERSION}`,
  );
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: false });
});

test("chat, streamed, without and with usage asked for", async () => {
  for (const asked of [false, true]) {
    const stream = await client.chat.completions.create({
      model: "chat",
      messages: hello,
      stream: true,
      ...(asked ? { stream_options: { include_usage: true } } : {}),
    });
    let text = "";
    let told = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.usage) told++;
    }
    expect({ text, told }).toEqual({ text: "Hello, wörld ✓", told: asked ? 1 : 0 });
    expect(await home.lastRequest()).toMatchObject({ ...COUNTED, stream: true });
  }
});

test("tools", async () => {
  const answer = await client.chat.completions.create({
    model: "chat",
    messages: [{ role: "user", content: "What is the weather?" }],
    tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }],
  });
  expect(answer.choices[0]?.message.tool_calls).toHaveLength(1);
  // 80 × 150 + 12 × 600 = 12 000 + 7 200 = 19 200 nano-dollars
  expect(await home.lastRequest()).toMatchObject({ inputTokens: 80, outputTokens: 12, costUsd: "0.0000192" });
});

test("embeddings", async () => {
  double.answerNextWith(200, {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.5] }],
    model: "text-embedding-3-small",
    usage: { prompt_tokens: 8, total_tokens: 8 },
  });
  const answer = await client.embeddings.create({
    model: "chat",
    input: "embed this",
    encoding_format: "float",
  });
  expect(answer.data[0]?.embedding).toEqual([0.5]);
  expectOnlyTheProviderKey();
  // text-embedding-3-small: $0.02 per million. 8 × 20 = 160 nano-dollars
  expect(await home.lastRequest()).toMatchObject({ inputTokens: 8, costUsd: "0.00000016" });
});

test("the plain OpenAI client reaches /openai/v1, and the model's name becomes the deployment's", async () => {
  const plain = new OpenAI({ apiKey: virtualKey, baseURL: `${up.ready.url}/v1`, maxRetries: 0 });
  const answer = await plain.chat.completions.create({ model: "gpt-4o-mini", messages: hello });
  expect(answer.choices[0]?.message.content).toBe("Hello, wörld ✓");
  expectOnlyTheProviderKey();
  expect(double.last.arrived.path).toBe("/openai/v1/chat/completions");
  expect(JSON.parse(double.last.arrived.body.toString())).toMatchObject({ model: "chat" });
  expect(await home.lastRequest()).toMatchObject({ ...COUNTED, modelRequested: "gpt-4o-mini" });
});

test("errors are the SDK's own", async () => {
  const failure = async (content: string) =>
    await failureOf(client.chat.completions.create({ model: "chat", messages: [{ role: "user", content }] }));
  expect(await failure("nothing answers this")).toBeInstanceOf(NotFoundError);
  expect(await failure("Too fast")).toBeInstanceOf(RateLimitError);
  double.answerNextWith(401, {
    error: { code: "401", message: "Access denied due to invalid subscription key" },
  });
  expect(await failure("Say hello")).toBeInstanceOf(AuthenticationError);
  expect(await home.lastRequest()).toMatchObject({ status: 401, verdict: "invalid_key", costUsd: "0" });
  double.answerNextWith(500, { error: { code: "InternalServerError", message: "broken" } });
  expect(await failure("Say hello")).toBeInstanceOf(InternalServerError);
});

test("an unknown virtual key is an AuthenticationError of the SDK", async () => {
  const stranger = new AzureOpenAI({
    apiKey: newKey.azure(),
    endpoint: up.ready.url,
    deployment: "chat",
    apiVersion: API_VERSION,
    maxRetries: 0,
  });
  const before = double.exchanges.length;
  const failure = await failureOf(stranger.chat.completions.create({ model: "chat", messages: hello }));
  expect(failure).toBeInstanceOf(AuthenticationError);
  expect(double.exchanges).toHaveLength(before);
});

const dated = {
  path: `/openai/deployments/chat/chat/completions?api-version=${API_VERSION}`,
  credential: (key: string) => ({ "api-key": key }),
};

test.each([
  ["chat", { ...dated, body: { messages: hello } }],
  ["chat, streamed", { ...dated, body: { messages: hello, stream: true } }],
  ["an error of the provider", { ...dated, body: { messages: [{ role: "user", content: "Too fast" }] } }],
] satisfies [string, RawCall][])("byte for byte as direct: %s", async (_, call) => {
  await expectSameAsDirect(
    { double, url: up.ready.url },
    { provider: providerKey, virtual: virtualKey },
    call,
  );
});
