// What the official clients send for ordinary work has a bound, without the client setting anything.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI, Type } from "@google/genai";
import OpenAI, { AzureOpenAI } from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { boundRequest } from "./bound.ts";
import { png } from "./bounds.testing.ts";
import type { BoundRequest } from "./request.ts";
import type { Bounded } from "./result.ts";

interface Sent {
  readonly path: string;
  readonly body: Uint8Array;
}

let server: ReturnType<typeof Bun.serve>;
let sent: Sent[] = [];
let openai: OpenAI;
let azure: AzureOpenAI;
let anthropic: Anthropic;
let google: GoogleGenAI;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      sent.push({ path: new URL(request.url).pathname, body: new Uint8Array(await request.arrayBuffer()) });
      return Response.json(
        { error: { message: "heard", code: 400, status: "INVALID_ARGUMENT" } },
        { status: 400 },
      );
    },
  });
  const base = `http://127.0.0.1:${server.port}`;
  const key = "none";
  openai = new OpenAI({ apiKey: key, baseURL: `${base}/v1`, maxRetries: 0 });
  azure = new AzureOpenAI({ apiKey: key, endpoint: base, apiVersion: "2024-10-21", maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: key, baseURL: base, maxRetries: 0 });
  google = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: base } });
});

beforeEach(() => {
  sent = [];
});

afterAll(async () => {
  await server.stop(true);
});

/** Makes the call, which fails, and bounds what arrived. */
async function boundOf(
  kind: BoundRequest["kind"],
  provider: BoundRequest["provider"],
  model: string,
  call: () => PromiseLike<unknown>,
): Promise<Bounded> {
  await Promise.resolve(call()).catch(() => undefined);
  const last = sent.at(-1);
  if (last === undefined) throw new Error("nothing was sent");
  const result = boundRequest({ kind, provider, preset: null, model, ...last, allow: new Set() });
  if (result.kind === "unbounded") throw new Error(`${result.field} ${result.why}`);
  return result;
}

const PICTURE = png(1024, 768);
const WEATHER_SCHEMA = {
  type: "object",
  properties: { city: { type: "string", description: "a town" } },
  required: ["city"],
  additionalProperties: false,
};
const Answer = z.object({ steps: z.array(z.object({ text: z.string() })), total: z.number() });

const chat = (body: Partial<OpenAI.ChatCompletionCreateParams> = {}) =>
  boundOf("chat", "openai", body.model ?? "gpt-4.1", () =>
    openai.chat.completions.create({
      model: "gpt-4.1",
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: "Wie geht's? 你好" },
      ],
      ...body,
    }),
  );

test("openai chat: text, streamed and not", async () => {
  const plain = await chat();
  expect(plain.output).toMatchObject({ clientLimit: null, modelMaximum: 32_768, choices: 1 });
  expect(plain.inputTokens).toBeGreaterThan(sent.at(-1)?.body.length ?? 0);
  expect((await chat({ stream: true, stream_options: { include_usage: true } })).output).not.toBeNull();
  expect((await chat({ n: 3, temperature: 0.2, seed: 7, stop: ["end"], user: "u" })).output?.choices).toBe(3);
});

test("openai chat: tools, and a conversation with their results", async () => {
  const tools: OpenAI.ChatCompletionTool[] = [
    { type: "function", function: { name: "weather", parameters: WEATHER_SCHEMA, strict: true } },
  ];
  await chat({ tools, tool_choice: "auto", parallel_tool_calls: false });
  const bounded = await chat({
    tools,
    messages: [
      { role: "user", content: "Weather in Tromsø?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "cold" },
    ],
  });
  expect(bounded.output).not.toBeNull();
});

test("openai chat: pictures count by their size, not by their bytes", async () => {
  const bounded = await chat({
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PICTURE}`, detail: "high" } },
        ],
      },
    ],
  });
  expect(bounded.inputTokens).toBeLessThan(2000);
  expect(bounded.inputTokens).toBeGreaterThan(765);
});

test("openai chat: structured output and models that reason", async () => {
  await chat({ response_format: zodResponseFormat(Answer, "answer") });
  const bounded = await chat({ model: "o3", reasoning_effort: "high", verbosity: "low" });
  expect(bounded.output?.modelMaximum).toBe(100_000);
  await Promise.resolve(
    openai.chat.completions.parse({
      model: "gpt-4.1",
      messages: [{ role: "user", content: "2+2" }],
      response_format: zodResponseFormat(Answer, "answer"),
    }),
  ).catch(() => undefined);
  expect(sent).toHaveLength(3);
});

const respond = (body: Partial<OpenAI.Responses.ResponseCreateParams>) =>
  boundOf("responses", "openai", "gpt-5.1", () =>
    openai.responses.create({ model: "gpt-5.1", input: "Hello", ...body }),
  );

test("openai Responses: text, pictures, tools, schemas, reasoning, streams", async () => {
  expect((await respond({})).output).toMatchObject({ clientLimit: null, minimum: 16, modelMaximum: 128_000 });
  await respond({ stream: true, instructions: "Be brief.", store: false });
  await respond({
    reasoning: { effort: "medium", summary: "auto" },
    include: ["reasoning.encrypted_content"],
  });
  await respond({ text: { format: zodTextFormat(Answer, "answer"), verbosity: "low" } });
  await respond({
    tools: [{ type: "function", name: "weather", parameters: WEATHER_SCHEMA, strict: true }],
    tool_choice: { type: "function", name: "weather" },
  });
  const bounded = await respond({
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "And this?" },
          { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${PICTURE}` },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "opaque" },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "cold" },
    ],
  });
  expect(bounded.inputTokens).toBeLessThan(5000);
});

test("openai completions and embeddings", async () => {
  const bounded = await boundOf("completions", "openai", "gpt-3.5-turbo-instruct", () =>
    openai.completions.create({ model: "gpt-3.5-turbo-instruct", prompt: ["a", "b"], n: 2 }),
  );
  expect(bounded.output).toMatchObject({ clientLimit: 16, choices: 4 });
  const embedded = await boundOf("embeddings", "openai", "text-embedding-3-small", () =>
    openai.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] }),
  );
  expect(embedded.output).toBeNull();
});

test("openai image generation, of models whose tokens are published", async () => {
  const bounded = await boundOf("images", "openai", "gpt-image-1", () =>
    openai.images.generate({
      model: "gpt-image-1",
      prompt: "a cat",
      size: "1024x1024",
      quality: "low",
      n: 2,
    }),
  );
  expect(bounded).toMatchObject({ output: null, fixedOutputTokens: 2 * (408 + 300) });
});

test("openai's Azure client, on the dated route", async () => {
  const call = (model: string) =>
    boundOf("chat", "azure", model, () =>
      azure.chat.completions.create({ model: "my-deployment", messages: [{ role: "user", content: "Hi" }] }),
    );
  expect((await call("gpt-4o")).output?.edit(9)?.text).toContain(`"max_tokens":9`);
  expect((await call("o3")).output?.edit(9)?.text).toContain(`"max_completion_tokens":9`);
});

const message = (body: Partial<Anthropic.MessageCreateParams> = {}) =>
  boundOf("messages", "anthropic", body.model ?? "claude-sonnet-4-6", () =>
    anthropic.messages.create({
      model: "claude-sonnet-4-6",
      max_tokens: 4096,
      messages: [{ role: "user", content: "Grüezi" }],
      ...body,
    }),
  );

test("anthropic messages: text, tools, pictures, thinking, schemas, caching, streams", async () => {
  expect((await message()).output).toMatchObject({ clientLimit: 4096, minimum: 0 });
  await message({ stream: true, system: "Be brief.", stop_sequences: ["end"], metadata: { user_id: "u" } });
  await message({
    tools: [{ name: "weather", description: "tells it", input_schema: { type: "object" } }],
    tool_choice: { type: "auto" },
  });
  const thinking = await message({ thinking: { type: "enabled", budget_tokens: 2000 } });
  expect(thinking.output?.minimum).toBe(2001);
  await message({
    model: "claude-opus-4-8",
    thinking: { type: "adaptive" },
    output_config: { effort: "high" },
  });
  await message({ output_config: { format: { type: "json_schema", schema: WEATHER_SCHEMA } } });
  const cached = await message({
    system: [{ type: "text", text: "long", cache_control: { type: "ephemeral", ttl: "1h" } }],
  });
  expect(cached.cacheWrites).toBe("1h");
  const seen = await message({
    messages: [
      {
        role: "user",
        content: [
          { type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } },
          { type: "text", text: "What is it?" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "opaque" },
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Bern" } },
        ],
      },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "warm" }] }],
      },
    ],
  });
  expect(seen.inputTokens).toBeLessThan(4000);
  expect(seen.inputTokens).toBeGreaterThan(37 * 28);
});

test("anthropic: the stream helper, and a document at the price of the whole context", async () => {
  const helper = await boundOf("messages", "anthropic", "claude-sonnet-4-6", async () => {
    const stream = anthropic.messages.stream({
      model: "claude-sonnet-4-6",
      max_tokens: 100,
      messages: [{ role: "user", content: "Hi" }],
    });
    await stream.finalMessage();
  });
  expect(helper.output?.clientLimit).toBe(100);
  const pdf = await message({
    messages: [
      {
        role: "user",
        content: [
          {
            type: "document",
            source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" },
          },
        ],
      },
    ],
  });
  expect(pdf.inputTokens).toBe(1_000_000);
});

const generate = (config: Record<string, unknown> = {}, contents: unknown = "Hello") =>
  boundOf("generate", "google", "gemini-2.5-flash", () =>
    google.models.generateContent({ model: "gemini-2.5-flash", contents: contents as string, config }),
  );

test("google generateContent: text, tools, pictures, thinking, schemas, chats", async () => {
  expect((await generate()).output).toMatchObject({ clientLimit: null, modelMaximum: 65_536 });
  await generate({ systemInstruction: "Be brief.", temperature: 0.1, topK: 3, safetySettings: [] });
  await generate({ thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } });
  await generate({
    responseMimeType: "application/json",
    responseSchema: { type: Type.OBJECT, properties: { total: { type: Type.NUMBER } } },
  });
  await generate({ responseMimeType: "application/json", responseJsonSchema: WEATHER_SCHEMA });
  await generate({
    tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: WEATHER_SCHEMA }] }],
    toolConfig: { functionCallingConfig: { mode: "ANY" } },
  });
  const seen = await generate({}, [
    {
      role: "user",
      parts: [{ inlineData: { mimeType: "image/png", data: PICTURE } }, { text: "What is it?" }],
    },
    { role: "model", parts: [{ functionCall: { name: "weather", args: {} }, thoughtSignature: "opaque" }] },
    { role: "user", parts: [{ functionResponse: { name: "weather", response: { sky: "blue" } } }] },
  ]);
  expect(seen.inputTokens).toBeLessThan(4000);
  expect(seen.inputTokens).toBeGreaterThan(1548);
});

test("google: streams and embeddings", async () => {
  const streamed = await boundOf("generate", "google", "gemini-3.5-flash", async () => {
    for await (const _ of await google.models.generateContentStream({
      model: "gemini-3.5-flash",
      contents: "Hi",
    })) {
      // Nothing comes.
    }
  });
  expect(streamed.output?.edit(5)?.text).toContain(`"maxOutputTokens":5`);
  const embedded = await boundOf("embeddings", "google", "gemini-embedding-001", () =>
    google.models.embedContent({ model: "gemini-embedding-001", contents: ["one", "two"] }),
  );
  expect(embedded.output).toBeNull();
});
