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

const PROMPT_ONLY = { promptTokenCount: 9, totalTokenCount: 9 };

test.each([
  ["a blocked prompt", { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: PROMPT_ONLY }, 0, null],
  ["no candidates at all", { usageMetadata: PROMPT_ONLY, modelVersion: "gemini-2.5-pro" }, 0, null],
  [
    "a candidate that says neither why it ended nor what it wrote",
    { candidates: [{ index: 0 }], usageMetadata: PROMPT_ONLY },
    0,
    null,
  ],
  [
    "thoughts only",
    {
      candidates: [{ finishReason: "MAX_TOKENS" }],
      usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 60, totalTokenCount: 69 },
    },
    60,
    60,
  ],
  [
    "only a total that is larger than the prompt",
    {
      candidates: [{ finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 9, toolUsePromptTokenCount: 2, totalTokenCount: 31 },
    },
    20,
    null,
  ],
])("Gemini without candidatesTokenCount: %s", async (_name, answer, output, outputReasoning) => {
  for (const [contentType, text] of [
    ["application/json", JSON.stringify(answer)],
    ["application/json; charset=UTF-8", JSON.stringify(answer, null, 2)],
  ] as const) {
    const result = await read("google", "generate", contentType, text);
    expect(result).toMatchObject({ final: true, usage: { output, outputReasoning } });
    expect(result.usage?.inputUncached).toBeGreaterThanOrEqual(9);
  }
});

test("Gemini: an answer with a text in it and no count of it is not believed", async () => {
  const answer = (parts: object[]) => ({
    candidates: [{ content: { parts }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 9 },
  });
  for (const part of [{ text: "written" }, { functionCall: { name: "f" } }]) {
    const told = await read("google", "generate", "application/json", JSON.stringify(answer([part])));
    expect(told.usage).toMatchObject({ clamped: true });
  }
  const early = sse({ ...answer([{ text: "a" }]), candidates: [{ content: { parts: [{ text: "a" }] } }] });
  const late = sse({
    candidates: [{ finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4 },
  });
  const stream = await read("google", "generate", "text/event-stream", early + late);
  expect(stream.usage).toMatchObject({ output: 4 });
  expect(stream.usage?.clamped).toBeUndefined();
  const nothing = await read(
    "google",
    "generate",
    "application/json",
    JSON.stringify(answer([{ text: "" }])),
  );
  expect(nothing.usage).toMatchObject({ output: 0 });
  expect(nothing.usage?.clamped).toBeUndefined();
});

test("Gemini streams: what is left out at the end is nothing, or what was told before", async () => {
  const thoughtsOnly = sse(
    { usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 } },
    {
      candidates: [{ finishReason: "MAX_TOKENS" }],
      usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 60, totalTokenCount: 69 },
    },
  );
  expect(await read("google", "generate", "text/event-stream", thoughtsOnly)).toMatchObject({
    final: true,
    usage: { inputUncached: 9, output: 60, outputReasoning: 60 },
  });
  const blocked = sse({ promptFeedback: { blockReason: "OTHER" }, usageMetadata: { promptTokenCount: 9 } });
  expect(await read("google", "generate", "text/event-stream", blocked)).toMatchObject({
    final: true,
    usage: { inputUncached: 9, output: 0 },
  });
  const toldBefore = sse(
    { candidates: [{}], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 50 } },
    { candidates: [{ finishReason: "STOP" }], usageMetadata: { promptTokenCount: 9 } },
  );
  expect(await read("google", "generate", "text/event-stream", toldBefore)).toMatchObject({
    final: true,
    usage: { inputUncached: 9, output: 50 },
  });
  const cut = sse({ candidates: [{}], usageMetadata: { promptTokenCount: 9 } });
  expect(await read("google", "generate", "text/event-stream", cut)).toMatchObject({ final: false });
});

const usageOf = (output: number) => ({ prompt_tokens: 100, completion_tokens: output });
/** Servers that leave the object's name out, and those that do not. */
const chunks = (named: boolean) => (more: object) => ({
  ...(named ? { object: "chat.completion.chunk" } : {}),
  model: "m-1",
  ...more,
});

test.each([true, false])(
  "chat streams with running totals, object named: %p: the last win",
  async (named) => {
    const chunk = chunks(named);
    const delta = (output: number, finish: string | null = null) =>
      chunk({ choices: [{ delta: { content: "x" }, finish_reason: finish }], usage: usageOf(output) });
    const running = [delta(1), delta(2), delta(3)];
    // Cut before its end: what was told is no more than what had been written that far.
    expect(await read("openai-compatible", "chat", "text/event-stream", sse(...running))).toMatchObject({
      final: false,
      usage: { inputUncached: 100, output: 3 },
    });
    // OpenRouter: figures behind the end, with a choice in it that says nothing.
    const behind = sse(
      ...running,
      chunk({ choices: [{ delta: {}, finish_reason: "stop" }] }),
      delta(4),
      "[DONE]",
    );
    // DeepSeek, Mistral: in the chunk that ends.
    const within = sse(...running, delta(4, "stop"), "[DONE]");
    // OpenAI, Azure: in a chunk of its own.
    const apart = sse(...running, chunk({ choices: [], usage: usageOf(4) }), "[DONE]");
    // Groq: in a member of its own, and then as everybody.
    const groq = sse(
      ...running,
      chunk({ choices: [{ delta: {}, finish_reason: "stop" }], x_groq: { id: "r", usage: usageOf(4) } }),
      "[DONE]",
    );
    for (const text of [behind, within, apart, groq]) {
      expect(await read("openai-compatible", "chat", "text/event-stream", text)).toMatchObject({
        final: true,
        usage: { inputUncached: 100, output: 4 },
      });
    }
  },
);

test("figures that stand before the end of a chat stream only are not final", async () => {
  const chunk = chunks(true);
  const text = sse(
    chunk({ choices: [{ delta: { content: "a" } }], usage: usageOf(0) }),
    chunk({ choices: [{ delta: { content: "b" } }] }),
    chunk({ choices: [{ delta: {}, finish_reason: "stop" }] }),
    "[DONE]",
  );
  expect(await read("openai-compatible", "chat", "text/event-stream", text)).toMatchObject({ final: false });
});

test("later figures of a chat stream replace earlier ones as a whole", async () => {
  const chunk = chunks(true);
  const early = { ...usageOf(1), prompt_tokens_details: { cached_tokens: 80, audio_tokens: 5 } };
  const text = sse(
    chunk({ choices: [{ delta: {} }], usage: early }),
    chunk({ choices: [], usage: usageOf(7) }),
    "[DONE]",
  );
  const { usage, final } = await read("openai-compatible", "chat", "text/event-stream", text);
  expect(final).toBe(true);
  expect(usage).toMatchObject({ inputUncached: 100, cacheRead: null, audioIn: null, output: 7 });
});
