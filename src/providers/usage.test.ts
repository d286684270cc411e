import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Json } from "../kernel/index.ts";
import type { RouteKind } from "./provider.ts";
import { PROVIDERS, providerById } from "./registry.ts";
import { mergeReading, type UsageReading } from "./usage.ts";

const openai = providerById("openai");
const anthropic = providerById("anthropic");
const google = providerById("google");

function readStream(read: (piece: Json) => UsageReading | undefined, pieces: readonly Json[]): UsageReading {
  return pieces.reduce<UsageReading>((all, piece) => mergeReading(all, read(piece) ?? {}), {});
}

describe("OpenAI dialect", () => {
  const read = (kind: RouteKind, piece: Json) => openai.readUsage(kind, piece, true);

  test("chat: cached and written tokens are taken out of the prompt, reasoning stays inside the output", () => {
    const piece = {
      object: "chat.completion",
      model: "gpt-x-2026",
      service_tier: "flex",
      usage: {
        prompt_tokens: 100,
        completion_tokens: 40,
        total_tokens: 140,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10, audio_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 2 },
      },
    };
    expect(read("chat", piece)).toEqual({
      usage: {
        inputUncached: 30,
        cacheRead: 60,
        cacheWrite5m: 10,
        cacheWrite1h: 0,
        output: 40,
        outputReasoning: 30,
        audioIn: 5,
        audioOut: 2,
      },
      replaces: true,
      modelAnswered: "gpt-x-2026",
      serviceTier: "flex",
      final: true,
    });
  });

  const readEvent = (kind: RouteKind, piece: Json) => openai.readUsage(kind, piece, false);

  test("chat stream: only the chunk with figures is final", () => {
    const chunk = { object: "chat.completion.chunk", model: "m", choices: [{ delta: {} }], usage: null };
    const last = {
      object: "chat.completion.chunk",
      model: "m",
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    };
    expect(readEvent("chat", chunk)).toEqual({ modelAnswered: "m" });
    expect(readEvent("chat", last)).toMatchObject({ usage: { inputUncached: 3, output: 4 }, final: true });
  });

  test.each([{ object: "chat.completion.chunk" }, {}])(
    "running totals of %p in a stream are not final",
    (more) => {
      const chunk = {
        ...more,
        choices: [{ finish_reason: null }],
        usage: { prompt_tokens: 3, completion_tokens: 1 },
      };
      expect(readEvent("chat", chunk)?.final).toBe(false);
    },
  );

  test.each(["completed", "incomplete", "failed"])("Responses: response.%s is final", (end) => {
    const usage = {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 2,
      output_tokens_details: { reasoning_tokens: 1 },
    };
    const output = [{ type: "web_search_call" }, { type: "message" }];
    const piece = {
      type: `response.${end}`,
      response: { model: "m", service_tier: "default", usage, output },
    };
    expect(readEvent("responses", piece)).toEqual({
      usage: { inputUncached: 5, cacheRead: 4, output: 2, outputReasoning: 1, toolCalls: 1 },
      replaces: true,
      modelAnswered: "m",
      serviceTier: "default",
      final: true,
    });
  });

  test("Responses: what is still queued has no final usage", () => {
    const reading = read("responses", { object: "response", status: "queued", model: "m", usage: null });
    expect(reading).toEqual({ modelAnswered: "m" });
  });

  test.each([
    [
      "embeddings",
      { object: "list", model: "e", usage: { prompt_tokens: 8, total_tokens: 8 } },
      { inputUncached: 8 },
    ],
    [
      "images",
      {
        created: 1,
        usage: {
          input_tokens: 50,
          output_tokens: 400,
          input_tokens_details: { text_tokens: 10, image_tokens: 40 },
        },
      },
      { inputUncached: 50, output: 400 },
    ],
    [
      "audio_transcription",
      {
        text: "x",
        usage: {
          type: "tokens",
          input_tokens: 14,
          output_tokens: 45,
          input_token_details: { audio_tokens: 13 },
        },
      },
      { inputUncached: 14, output: 45, audioIn: 13 },
    ],
    [
      "audio_speech",
      { type: "speech.audio.done", usage: { input_tokens: 5, output_tokens: 60 } },
      { inputUncached: 5, output: 60 },
    ],
  ] as const)("%s", (kind, piece, usage) => {
    expect(read(kind, piece)).toMatchObject({ usage, final: true });
  });

  test("reasoning that a server counts besides its output is added, by its own total", () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 35,
      completion_tokens_details: { reasoning_tokens: 20 },
    };
    expect(read("chat", { object: "chat.completion", usage })?.usage).toMatchObject({
      output: 25,
      outputReasoning: 20,
    });
  });

  test("reasoning that Gemini's server counts in its total only is added", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 215 };
    expect(read("chat", { object: "chat.completion", usage })?.usage).toMatchObject({ output: 205 });
    // An embedding has no output, and nothing is made of a total that is too small.
    expect(read("embeddings", { usage: { prompt_tokens: 8, total_tokens: 9 } })?.usage).toEqual({
      inputUncached: 8,
    });
    expect(read("chat", { usage: { ...usage, total_tokens: 3 } })?.usage).toMatchObject({ output: 5 });
  });

  test("figures that contradict each other are clamped at 0 and flagged", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 11 } };
    expect(read("chat", { usage })?.usage).toMatchObject({ inputUncached: 0, cacheRead: 11, clamped: true });
  });

  const GARBAGE = [-1, 1.5, 2 ** 53, 1e300, "7", Number.NaN];

  test.each(GARBAGE)("%p is not a count, and the figures are not believed", (count) => {
    const figures = (usage: object) => ({ usage: usage as Json });
    const expected = { output: 3, clamped: true };
    expect(read("chat", figures({ prompt_tokens: count, completion_tokens: 3 }))?.usage).toEqual(expected);
    const details = {
      prompt_tokens: 5,
      completion_tokens: 3,
      prompt_tokens_details: { cached_tokens: count },
    };
    expect(read("chat", figures(details))?.usage).toMatchObject(expected);
    const message = { type: "message", usage: { input_tokens: 1, output_tokens: count } as Json };
    expect(anthropic.readUsage("messages", message, true)?.usage).toMatchObject({ clamped: true });
    const answer = { usageMetadata: { promptTokenCount: 1, thoughtsTokenCount: count } as Json };
    expect(google.readUsage("generate", answer, true)?.usage).toMatchObject({ clamped: true });
  });

  test("null is a figure that was not said", () => {
    const usage = {
      prompt_tokens: null,
      completion_tokens: 3,
      prompt_tokens_details: { cached_tokens: null },
    };
    expect(read("chat", { usage })?.usage).toEqual({ output: 3 });
  });

  test("looking up a stored response does not count its usage again", () => {
    expect(
      read("other", { object: "response", usage: { input_tokens: 1, output_tokens: 1 } }),
    ).toBeUndefined();
  });

  test("Azure reads the same dialect", () => {
    expect(
      providerById("azure").readUsage("chat", { usage: { prompt_tokens: 1, completion_tokens: 2 } }, true),
    ).toMatchObject({ usage: { inputUncached: 1, output: 2 } });
  });
});

describe("Anthropic", () => {
  const read = (piece: Json) => anthropic.readUsage("messages", piece, false);
  const start = {
    type: "message_start",
    message: {
      model: "claude-x-2026",
      usage: {
        input_tokens: 20,
        cache_creation_input_tokens: 500,
        cache_read_input_tokens: 9000,
        cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 300 },
        output_tokens: 1,
        service_tier: "standard",
        inference_geo: "us",
      },
    },
  };

  test("deltas replace what came before; the split of cache writes stays", () => {
    const delta = (output: number, stop: string | null) => ({
      type: "message_delta",
      delta: { stop_reason: stop },
      usage: {
        output_tokens: output,
        cache_creation_input_tokens: 500,
        server_tool_use: { web_search_requests: 2 },
      },
    });
    const pieces = [
      start,
      { type: "ping" },
      delta(10, null),
      delta(50, "end_turn"),
      { type: "message_stop" },
    ];
    expect(readStream(read, pieces)).toEqual({
      usage: {
        inputUncached: 20,
        cacheRead: 9000,
        cacheWrite5m: 200,
        cacheWrite1h: 300,
        output: 50,
        toolCalls: 2,
      },
      modelAnswered: "claude-x-2026",
      serviceTier: "standard",
      geo: "us",
      final: true,
    });
  });

  test("cache writes beyond the known split count as five-minute ones", () => {
    const delta = { type: "message_delta", usage: { output_tokens: 1, cache_creation_input_tokens: 800 } };
    expect(readStream(read, [start, delta]).usage).toMatchObject({ cacheWrite5m: 500, cacheWrite1h: 300 });
  });

  test("a stream cut after its start has the input side and is not final", () => {
    expect(readStream(read, [start])).toMatchObject({ usage: { inputUncached: 20 } });
    expect(readStream(read, [start]).final).toBeUndefined();
  });

  test("a whole message is final; writes without a split are five-minute ones", () => {
    const message = {
      type: "message",
      model: "m",
      usage: { input_tokens: 1, cache_creation_input_tokens: 7, output_tokens: 2, speed: "fast" },
    };
    expect(read(message)).toEqual({
      usage: { inputUncached: 1, output: 2, cacheWrite5m: 7, cacheWrite1h: 0 },
      serviceTier: "fast",
      modelAnswered: "m",
      final: true,
    });
  });
});

describe("Gemini", () => {
  const read = (piece: Json) => google.readUsage("generate", piece, false);
  const last = {
    modelVersion: "gemini-x-001",
    candidates: [{ finishReason: "STOP", groundingMetadata: { webSearchQueries: ["a", "b"] } }],
    usageMetadata: {
      promptTokenCount: 1000,
      cachedContentTokenCount: 800,
      candidatesTokenCount: 50,
      thoughtsTokenCount: 200,
      toolUsePromptTokenCount: 10,
      totalTokenCount: 1260,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 900 },
        { modality: "AUDIO", tokenCount: 100 },
      ],
      trafficType: "ON_DEMAND_PRIORITY",
    },
  };

  test("thoughts and tool-use prompts are added, the cache is taken out", () => {
    expect(read(last)).toEqual({
      usage: {
        inputUncached: 210,
        cacheRead: 800,
        output: 250,
        outputReasoning: 200,
        audioIn: 100,
        toolCalls: 2,
      },
      modelAnswered: "gemini-x-001",
      serviceTier: "priority",
      final: true,
    });
  });

  test("the last chunk's running totals win", () => {
    const first = { usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 3 } };
    expect(readStream(read, [first, last]).usage).toMatchObject({ output: 250, inputUncached: 210 });
    expect(read(first)?.final).toBeUndefined();
    expect(read([first, last])).toMatchObject({ final: true, usage: { output: 250 } });
  });

  test("a refused prompt is final too", () => {
    const piece = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 4 } };
    expect(read(piece)).toMatchObject({ usage: { inputUncached: 4, cacheRead: 0 }, final: true });
  });

  test("its OpenAI-compatible route is read in that dialect", () => {
    const piece = { usage: { prompt_tokens: 2, completion_tokens: 3 } };
    expect(google.readUsage("chat", piece, true)).toMatchObject({
      usage: { inputUncached: 2, output: 3 },
    });
  });
});

test("whatever an upstream sends, reading does not throw and gives whole non-negative numbers only", () => {
  const names = fc.constantFrom(
    "usage",
    "response",
    "message",
    "type",
    "usageMetadata",
    "prompt_tokens",
    "input_tokens",
    "output_tokens",
    "cache_creation",
    "candidates",
    "promptTokenCount",
    "details",
    "model",
    "output",
  );
  const leaf = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("message_start", "message", "message_delta"),
  );
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(names, tie("tree"), { maxKeys: 5 }),
    ),
  }));
  const kinds: readonly RouteKind[] = [
    "chat",
    "responses",
    "messages",
    "generate",
    "embeddings",
    "images",
    "other",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...PROVIDERS),
      fc.constantFrom(...kinds),
      tree,
      fc.boolean(),
      (provider, kind, piece, isWhole) => {
        const { clamped: _, ...counts } = provider.readUsage(kind, piece, isWhole)?.usage ?? {};
        for (const count of Object.values(counts))
          expect(Number.isSafeInteger(count) && Number(count) >= 0).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
