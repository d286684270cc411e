/** Official clients under a hard budget: ordinary work passes with a limit written in, what has no bound is refused. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI, { APIError } from "openai";
import { ProviderDouble } from "./support/double.ts";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp } from "./support/ownkey.ts";

const home = new OwnkeyHome();
let double: ProviderDouble;
let up: RunningUp;
let openai: OpenAI;
let anthropic: Anthropic;
let google: GoogleGenAI;

const hello = [{ role: "user" as const, content: "Say hello" }];
const usage = { prompt_tokens: 12, completion_tokens: 5, input_tokens: 12, output_tokens: 5 };

beforeAll(async () => {
  const keys = [newKey.openai(), newKey.anthropic(), newKey.google()] as const;
  double = await ProviderDouble.start([...keys]);
  double.mock.onMessage("Say hello", { content: "Hello", usage }, { chunkSize: 4 });
  up = await home.up();
  await home.addKey("openai", keys[0], "--base-url", `${double.url}/v1`);
  await home.addKey("anthropic", keys[1], "--base-url", double.url);
  await home.addKey("google", keys[2], "--base-url", double.url);
  const virtualKey = await home.virtualKey("bounded");
  const { code, stderr } = await home.run(["budget", "set", "vk:bounded", "1usd/day"]);
  expect([code, stderr]).toEqual([0, ""]);
  const { url } = up.ready;
  openai = new OpenAI({ apiKey: virtualKey, baseURL: `${url}/v1`, maxRetries: 2 });
  anthropic = new Anthropic({ apiKey: virtualKey, baseURL: url, maxRetries: 2 });
  google = new GoogleGenAI({ apiKey: virtualKey, httpOptions: { baseUrl: url } });
});

afterAll(async () => {
  await double.stop();
  await home.remove();
});

const sent = () => JSON.parse(double.last.arrived.body.toString()) as Record<string, unknown>;

test("a limit is written into what the clients send without one", async () => {
  await openai.chat.completions.create({ model: "gpt-4o-mini", messages: hello });
  expect(sent()["max_completion_tokens"]).toBeGreaterThan(0);
  await openai.responses.create({ model: "gpt-4o-mini", input: "Say hello" });
  expect(sent()["max_output_tokens"]).toBeGreaterThan(16);
  await google.models.generateContent({ model: "gemini-2.5-flash", contents: "Say hello" });
  expect(sent()["generationConfig"]).toMatchObject({ maxOutputTokens: expect.any(Number) });
});

test("a limit of the client's that fits stays as it is", async () => {
  await anthropic.messages.create({ model: "claude-sonnet-4-6", max_tokens: 321, messages: hello });
  expect(sent()["max_tokens"]).toBe(321);
});

test("a stream passes as well", async () => {
  let text = "";
  const stream = await openai.chat.completions.create({
    model: "gpt-4o-mini",
    messages: hello,
    stream: true,
  });
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toBe("Hello");
});

test("what has no bound is refused by name before anything leaves, once", async () => {
  const before = double.exchanges.length;
  const failure = await failureOf(
    openai.responses.create({ model: "gpt-4o-mini", input: "Say hello", previous_response_id: "resp_1" }),
  );
  expect(failure).toBeInstanceOf(APIError);
  expect(failure).toMatchObject({ status: 400, code: "not_boundable" });
  expect(String(failure)).toContain("previous_response_id");
  expect(double.exchanges.length).toBe(before);
});

test("too dear for what is left: 402, and no client tries again", async () => {
  const before = double.exchanges.length;
  const failure = await failureOf(
    anthropic.messages.create({
      model: "claude-opus-4-6",
      max_tokens: 100_000,
      messages: hello,
      stream: true,
    }),
  );
  expect(failure).toMatchObject({ status: 402 });
  expect(String(failure)).toContain("budget");
  expect(double.exchanges.length).toBe(before);
});
