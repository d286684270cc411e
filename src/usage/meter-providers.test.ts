// The figures of the providers' own examples (usage in answers), through their real readers.
import { expect, test } from "bun:test";
import { type ProviderId, providerById, type RouteKind } from "../providers/index.ts";
import { cutAt, metered } from "./usage.testing.ts";

const sse = (...events: (object | string)[]) =>
  events
    .map((event) => {
      if (typeof event === "string") return `data: ${event}\n\n`;
      const name = "type" in event ? `event: ${String(event.type)}\n` : "";
      return `${name}data: ${JSON.stringify(event)}\n\n`;
    })
    .join("");

async function read(id: ProviderId, kind: RouteKind, contentType: string, text: string) {
  const options = { provider: providerById(id), kind, contentType, contentEncoding: null };
  const bytes = Buffer.from(text);
  const places = Array.from({ length: Math.floor(bytes.length / 37) }, (_, i) => i * 37);
  return metered(options, cutAt(bytes, places));
}

test("OpenAI chat stream: the last chunk's usage, with null usage before", async () => {
  const chunk = (more: object) => ({
    id: "c",
    object: "chat.completion.chunk",
    model: "gpt-5-2025-08-07",
    ...more,
  });
  const result = await read(
    "openai",
    "chat",
    "text/event-stream",
    sse(
      chunk({ choices: [{ delta: { content: "hi" } }], usage: null, service_tier: "default" }),
      chunk({ choices: [{ delta: {}, finish_reason: "stop" }], usage: null }),
      chunk({
        choices: [],
        usage: {
          prompt_tokens: 100,
          completion_tokens: 40,
          prompt_tokens_details: { cached_tokens: 60, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 30 },
        },
      }),
      "[DONE]",
    ),
  );
  expect(result).toMatchObject({ final: true, modelAnswered: "gpt-5-2025-08-07", serviceTier: "default" });
  expect(result.usage).toMatchObject({ inputUncached: 40, cacheRead: 60, output: 40, outputReasoning: 30 });
});

test("OpenAI Responses stream: usage inside response.completed", async () => {
  const response = {
    id: "r",
    object: "response",
    model: "gpt-5",
    status: "in_progress",
    usage: null,
    error: null,
  };
  const result = await read(
    "openai",
    "responses",
    "text/event-stream",
    sse(
      { type: "response.created", response },
      ...Array.from({ length: 50 }, () => ({ type: "response.output_text.delta", delta: "word" })),
      {
        type: "response.completed",
        response: {
          ...response,
          status: "completed",
          usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 }, output_tokens: 5 },
        },
      },
    ),
  );
  expect(result).toMatchObject({ final: true, modelAnswered: "gpt-5", errorSeen: false });
  expect(result.usage).toMatchObject({ inputUncached: 6, cacheRead: 4, output: 5 });
});

const anthropicStart = {
  type: "message_start",
  message: {
    type: "message",
    model: "claude-sonnet-4-5-20250929",
    usage: {
      input_tokens: 20,
      cache_creation_input_tokens: 500,
      cache_read_input_tokens: 9000,
      cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 200 },
      output_tokens: 1,
      service_tier: "standard",
    },
  },
};
const anthropicText = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hello" } };

test("Anthropic stream: start, then cumulative deltas overwrite", async () => {
  const delta = (output: number, stop: string | null) => ({
    type: "message_delta",
    delta: { stop_reason: stop },
    usage: { output_tokens: output },
  });
  const result = await read(
    "anthropic",
    "messages",
    "text/event-stream",
    sse(anthropicStart, anthropicText, anthropicText, delta(20, null), delta(50, "end_turn"), {
      type: "message_stop",
    }),
  );
  expect(result).toMatchObject({
    final: true,
    modelAnswered: "claude-sonnet-4-5-20250929",
    serviceTier: "standard",
  });
  expect(result.usage).toMatchObject({
    inputUncached: 20,
    cacheRead: 9000,
    cacheWrite5m: 300,
    cacheWrite1h: 200,
    output: 50,
  });
});

test("Anthropic cut stream: the input side is known, and it is not final", async () => {
  const result = await read("anthropic", "messages", "text/event-stream", sse(anthropicStart, anthropicText));
  expect(result).toMatchObject({ final: false, usage: { inputUncached: 20, cacheRead: 9000 } });
});

const geminiChunk = (thoughts: number, finishReason?: string) => ({
  candidates: [{ content: { parts: [{ text: "x" }] }, ...(finishReason ? { finishReason } : {}) }],
  usageMetadata: {
    promptTokenCount: 1000,
    cachedContentTokenCount: 800,
    candidatesTokenCount: 50,
    thoughtsTokenCount: thoughts,
    toolUsePromptTokenCount: 10,
  },
  modelVersion: "gemini-2.5-pro",
});

test.each([
  ["text/event-stream", sse(geminiChunk(100), geminiChunk(200, "STOP"))],
  ["application/json", JSON.stringify([geminiChunk(100), geminiChunk(200, "STOP")], null, 2)],
  ["application/json", JSON.stringify(geminiChunk(200, "STOP"))],
])("Gemini as %s: the last totals, thoughts billed as output", async (contentType, text) => {
  const result = await read("google", "generate", contentType, text);
  expect(result).toMatchObject({ final: true, modelAnswered: "gemini-2.5-pro" });
  expect(result.usage).toMatchObject({
    inputUncached: 210,
    cacheRead: 800,
    output: 250,
    outputReasoning: 200,
  });
});

test("a large Gemini answer with an image inside is final when it has ended", async () => {
  const answer = { candidates: [{ data: "A".repeat(9 * 1024 * 1024), finishReason: "STOP" }] };
  const text = JSON.stringify({
    ...answer,
    usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 1290 },
  });
  const options = { provider: providerById("google"), kind: "generate", contentEncoding: null } as const;
  const result = await metered({ ...options, contentType: "application/json" }, [text]);
  expect(result).toMatchObject({ final: true, usage: { inputUncached: 7, output: 1290 } });
});
