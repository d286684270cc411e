// Costs worked out by hand from the price data's own figures (US dollars per million tokens, in the comments).
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { UNKNOWN_USAGE, type Usage } from "../kernel/index.ts";
import { bundledPrices } from "./bundled-prices.ts";
import { LARGEST_OUTPUT_LIMIT, MOST_CHOICES } from "./output-limits.ts";
import { priceOverride } from "./overrides.ts";
import { createPriceBook } from "./price-book.ts";
import type { CostInput } from "./pricing.ts";

const book = createPriceBook({ snapshot: bundledPrices() });
const NOVEMBER_2026 = Date.parse("2026-11-20T12:00:00Z");

function costInput(model: string, usage: Partial<Usage>, changes: Partial<CostInput> = {}): CostInput {
  return {
    provider: "openai",
    preset: null,
    connectionId: "conn_1",
    model,
    atMs: NOVEMBER_2026,
    usage: { ...UNKNOWN_USAGE, ...usage },
    serviceTier: null,
    geo: null,
    batch: false,
    ...changes,
  };
}
const cost = (...args: Parameters<typeof costInput>) => book.cost(costInput(...args));
const anthropic = { provider: "anthropic" } as const;
const google = { provider: "google" } as const;

describe("OpenAI", () => {
  test("input, cached input and output; reasoning is inside the output", () => {
    // gpt-5: 1.25 / 0.125 / 10. 40 × 1250 + 60 × 125 + 40 × 10000 nanos = 50,000 + 7,500 + 400,000
    const usage = { inputUncached: 40, cacheRead: 60, output: 40, outputReasoning: 30 };
    expect(cost("gpt-5-2025-08-07", usage, { serviceTier: "default" })).toBe(457_500n);
  });

  test("batch and flex are half, priority twice, of gpt-5.5 two and a half times, of gpt-5-mini 1.8 times", () => {
    const usage = { inputUncached: 1000, output: 100 };
    // gpt-5: 1000 × 1250 + 100 × 10000 = 2,250,000
    expect(cost("gpt-5", usage, { batch: true })).toBe(1_125_000n);
    expect(cost("gpt-5", usage, { serviceTier: "flex" })).toBe(1_125_000n);
    expect(cost("gpt-5", usage, { serviceTier: "priority" })).toBe(4_500_000n);
    // gpt-5.5: 5 / 30: (1000 × 5000 + 100 × 30000) × 2.5 = 8,000,000 × 2.5
    expect(cost("gpt-5.5", usage, { serviceTier: "priority" })).toBe(20_000_000n);
    // gpt-5-mini: 0.25 / 2: (1000 × 250 + 100 × 2000) × 1.8 = 450,000 × 1.8
    expect(cost("gpt-5-mini", usage, { serviceTier: "priority" })).toBe(810_000n);
  });

  test("above 272 K input tokens, cached ones included, the whole request costs more", () => {
    // gpt-5.6-sol since 2026-08-21: 4 / 0.4 / 20, above 271,999 tokens 8 / 0.8 / 30
    const below = { inputUncached: 71_999, cacheRead: 200_000, output: 1000 };
    // 71,999 × 4000 + 200,000 × 400 + 1000 × 20,000 = 287,996,000 + 80,000,000 + 20,000,000
    expect(cost("gpt-5.6-sol", below)).toBe(387_996_000n);
    // 72,000 × 8000 + 200,000 × 800 + 1000 × 30,000 = 576,000,000 + 160,000,000 + 30,000,000
    expect(cost("gpt-5.6-sol", { ...below, inputUncached: 72_000 })).toBe(766_000_000n);
  });

  test("a price holds from its date on", () => {
    // gpt-5.6-luna: input 1 until 2026-07-30, then 0.2
    const usage = { inputUncached: 1000, output: 0 };
    expect(cost("gpt-5.6-luna", usage, { atMs: Date.parse("2026-07-29T23:59:59Z") })).toBe(1_000_000n);
    expect(cost("gpt-5.6-luna", usage, { atMs: Date.parse("2026-07-30T00:00:00Z") })).toBe(200_000n);
  });

  test("cache writes, and web searches besides the tokens at $10 a thousand", () => {
    // gpt-5.6-luna now: 0.2 input, 0.25 write: 100 × 200 + 100 × 250 = 45,000; 2 searches × 10,000,000
    const usage = { inputUncached: 100, cacheWrite5m: 100, output: 0, toolCalls: 2 };
    expect(cost("gpt-5.6-luna", usage)).toBe(20_045_000n);
    expect(cost("gpt-5.6-luna", usage, { batch: true })).toBe(20_022_500n);
  });

  test("audio tokens at their own price", () => {
    // gpt-audio: 2.5 text in, 32 audio in, 10 text out, 64 audio out
    // 60 × 2500 + 40 × 32,000 + 10 × 10,000 + 20 × 64,000 = 150,000 + 1,280,000 + 100,000 + 1,280,000
    const usage = { inputUncached: 100, audioIn: 40, output: 30, audioOut: 20 };
    expect(cost("gpt-audio", usage)).toBe(2_810_000n);
    // Listed without a price for sound, though it is made for it.
    expect(cost("gpt-4o-audio-preview", usage)).toBeNull();
  });

  test("embeddings have no output and no output price", () => {
    // text-embedding-3-small: 0.02: 1000 × 20
    expect(cost("text-embedding-3-small", { inputUncached: 1000 })).toBe(20_000n);
  });
});

describe("Anthropic", () => {
  test("5-minute writes 1.25 times, 1-hour writes twice, reads a tenth of input", () => {
    // claude-sonnet-4-5: 3 / 3.75 / 6 / 0.3 / 15
    // 20 × 3000 + 300 × 3750 + 200 × 6000 + 9000 × 300 + 50 × 15000
    // = 60,000 + 1,125,000 + 1,200,000 + 2,700,000 + 750,000
    const usage = { inputUncached: 20, cacheWrite5m: 300, cacheWrite1h: 200, cacheRead: 9000, output: 50 };
    const changes = { ...anthropic, serviceTier: "standard" };
    expect(cost("claude-sonnet-4-5-20250929", usage, changes)).toBe(5_835_000n);
  });

  test("inference in the US costs a tenth more from 4.6 on, not before", () => {
    const usage = { inputUncached: 1000, output: 0 };
    const us = { ...anthropic, geo: "us" };
    expect(cost("claude-sonnet-4-6", usage, us)).toBe(3_300_000n);
    expect(cost("claude-sonnet-4-6", usage, { ...anthropic, geo: "global" })).toBe(3_000_000n);
    expect(cost("claude-sonnet-4-5", usage, us)).toBe(3_000_000n);
    expect(cost("claude-opus-5", usage, us)).toBe(5_500_000n);
  });

  test("fast mode, and both factors at once", () => {
    // claude-opus-4-6: 5 / 25: (1000 × 5000 + 10 × 25000) × 6 × 1.1 = 5,250,000 × 6.6
    const usage = { inputUncached: 1000, output: 10 };
    expect(cost("claude-opus-4-6", usage, { ...anthropic, serviceTier: "fast", geo: "us" })).toBe(
      34_650_000n,
    );
    expect(cost("claude-opus-4-8", usage, { ...anthropic, serviceTier: "fast" })).toBe(10_500_000n);
    expect(cost("claude-opus-4-6", usage, { ...anthropic, serviceTier: "batch" })).toBe(2_625_000n);
  });
});

describe("Google", () => {
  test("above 200 K input tokens the whole request costs more", () => {
    // gemini-2.5-pro: 1.25 / 0.125 / 10, above 200,000: 2.5 / 0.25 / 15
    // 210 × 1250 + 800 × 125 + 250 × 10,000 = 262,500 + 100,000 + 2,500,000
    const usage = { inputUncached: 210, cacheRead: 800, output: 250, outputReasoning: 200 };
    expect(cost("gemini-2.5-pro", usage, google)).toBe(2_862_500n);
    // 200,001 × 2500 + 1 × 15,000
    expect(cost("models/gemini-2.5-pro", { inputUncached: 200_001, output: 1 }, google)).toBe(500_017_500n);
  });

  test("a tier without a name is not the standard one", () => {
    const usage = { inputUncached: 100, output: 10 };
    expect(cost("gemini-2.5-flash", usage, { ...google, serviceTier: null })).toBe(55_000n);
    expect(cost("gemini-2.5-flash", usage, { ...google, serviceTier: "" })).toBeNull();
  });

  test("audio input has its own price", () => {
    // gemini-2.5-flash: 0.3 text, 1 audio, 2.5 out: 100 × 300 + 50 × 1000 + 10 × 2500
    const usage = { inputUncached: 150, audioIn: 50, output: 10 };
    // Of the sound, what the uncached input cannot hold was cached, at a price of its own: 10 × 100 + 20 × 30
    const cached = { inputUncached: 0, cacheRead: 30, audioIn: 10 };
    expect(cost("gemini-2.5-flash", cached, google)).toBe(1_600n);
    expect(cost("gemini-2.5-flash", usage, { ...google, serviceTier: "standard" })).toBe(105_000n);
  });
});

describe("others", () => {
  test("Azure is priced by the maker's list", () => {
    expect(cost("gpt-5-2025-08-07", { inputUncached: 1000, output: 0 }, { provider: "azure" })).toBe(
      1_250_000n,
    );
  });

  test("DeepSeek changes with the hour of UTC", () => {
    // deepseek-v4-flash from 2026-08-17: 0.22, from 01:00 to 04:00 UTC 0.44
    const at = (time: string) => ({
      provider: "openai-compatible" as const,
      preset: "deepseek",
      atMs: Date.parse(`2026-11-20T${time}Z`),
    });
    const usage = { inputUncached: 1000, output: 0 };
    expect(cost("deepseek-v4-flash", usage, at("00:59:59"))).toBe(220_000n);
    expect(cost("deepseek-v4-flash", usage, at("01:00:00"))).toBe(440_000n);
    expect(cost("deepseek-v4-flash", usage, at("04:00:00"))).toBe(220_000n);
  });

  test("Ollama and LM Studio cost nothing, an unknown compatible server has no price", () => {
    const usage = { inputUncached: 1000, output: 10 };
    const compatible = { provider: "openai-compatible" as const };
    expect(cost("qwen3", usage, { ...compatible, preset: "ollama" })).toBe(0n);
    expect(cost("qwen3", usage, { ...compatible, preset: "lmstudio" })).toBe(0n);
    expect(cost("gpt-5", usage, compatible)).toBeNull();
  });
});

describe("unpriced, never 0 and never a guess", () => {
  const usage = { inputUncached: 10, output: 10 };
  test.each(["claude-sonnet-5-5", "claude-sonnet-4-5-turbo", "claude-sonnet-9", ""])(
    "a model that only begins like a known one: %p",
    (model) => expect(cost(model, usage, anthropic)).toBeNull(),
  );

  test("a known name is suggested, not used", () => {
    const found = book.look(costInput("claude-sonnet-5-5", usage, anthropic));
    expect(found).toEqual({ from: "nowhere", suggestion: "claude-sonnet-5" });
    const longer = book.look(costInput("gpt-5-ultra", usage));
    expect(longer).toEqual({ from: "nowhere", suggestion: "gpt-5" });
  });

  test("a tier whose price is not known", () => {
    expect(cost("gpt-5", usage, { serviceTier: "platinum" })).toBeNull();
  });

  test("figures that contradict each other, or none", () => {
    expect(cost("gpt-5", { ...usage, clamped: true })).toBeNull();
    expect(cost("gpt-5", {})).toBeNull();
  });

  test("output of a model without an output price, and a list without token prices", () => {
    expect(cost("text-embedding-3-small", usage)).toBeNull();
    expect(cost("whisper-1", usage)).toBeNull();
  });
});

test.each([
  ["openai", "gpt-4-32k"],
  ["openai", "gpt-3.5-turbo-16k"],
  ["openai", "gpt-4-0613"],
  ["openai", "gpt-4o-2024-11-20"],
  ["openai", "o3-2025-04-16"],
  ["anthropic", "claude-2.1"],
  ["anthropic", "claude-3-opus-20240229"],
  ["anthropic", "claude-3-haiku-20240307"],
  ["anthropic", "claude-3-5-sonnet-20241022"],
  ["anthropic", "claude-3-7-sonnet-20250219"],
  ["anthropic", "claude-sonnet-4-20250514"],
  ["anthropic", "claude-opus-4-1-20250805"],
  ["anthropic", "claude-haiku-4-5-20251001"],
  ["google", "gemini-pro"],
  ["google", "gemini-2.0-flash-001"],
  ["google", "gemini-2.5-flash-preview-05-20"],
] as const)("a name in real use is known: %s %s", (provider, model) => {
  expect(cost(model, { inputUncached: 1_000_000, output: 1 }, { provider })).toBeGreaterThan(0n);
});

describe("own prices", () => {
  const own = (scope: string, model: string, inputUsd: string) =>
    priceOverride({ scope, model, inputUsd, outputUsd: "2" }, 0);

  test("go before the data, the nearest scope first; tiers still apply", () => {
    const mine = createPriceBook({
      snapshot: bundledPrices(),
      overrides: [own("*", "gpt-5", "3"), own("openai", "gpt-5", "2"), own("conn_1", "GPT-5", "1")],
    });
    const input = costInput("gpt-5", { inputUncached: 1000, cacheRead: 10, output: 100 });
    // 1010 × 1000 + 100 × 2000
    expect(mine.cost(input)).toBe(1_210_000n);
    expect(mine.cost({ ...input, batch: true })).toBe(605_000n);
    expect(mine.cost({ ...input, connectionId: "conn_2" })).toBe(2_220_000n);
    expect(mine.cost({ ...input, connectionId: "conn_2", provider: "azure" })).toBe(3_230_000n);
    expect(mine.cost({ ...input, model: "gpt-5-mini" })).toBe(book.cost({ ...input, model: "gpt-5-mini" }));
  });

  test("change the version", () => {
    const mine = createPriceBook({ snapshot: bundledPrices() });
    expect(mine.version).toBe("genai-prices 0.1.8");
    mine.replaceOverrides([own("*", "m", "1")]);
    const first = mine.version;
    expect(first).toMatch(/^genai-prices 0\.1\.8, 1 own \([0-9a-f]{8}\)$/);
    mine.replaceOverrides([own("*", "m", "2")]);
    expect(mine.version).not.toBe(first);
  });

  test("an amount that is no price is refused by name", () => {
    expect(() => own("*", "m", "-1")).toThrow(/the input price is not an amount/);
    expect(() => own("*", "m", "1e-3")).toThrow(/the input price/);
    expect(() => own("*", " ", "1")).toThrow(/name is empty/);
  });
});

const count = fc.oneof(fc.constant(null), fc.nat(2_000_000));
const anyUsage: fc.Arbitrary<Usage> = fc.record({
  inputUncached: count,
  cacheRead: count,
  cacheWrite5m: count,
  cacheWrite1h: count,
  output: fc.oneof(fc.constant(null), fc.nat(100_000)),
  outputReasoning: count,
  audioIn: count,
  audioOut: count,
  toolCalls: fc.constant(null),
});
const anyModel: fc.Arbitrary<[CostInput["provider"], string]> = fc.constantFrom(
  ["openai", "gpt-5"],
  ["openai", "gpt-5.6-sol"],
  ["openai", "gpt-audio"],
  ["openai", "gpt-image-1"],
  ["anthropic", "claude-opus-4-6"],
  ["anthropic", "claude-sonnet-4-5"],
  ["google", "gemini-2.5-pro"],
  ["google", "gemini-3.7-flash"],
  ["azure", "o3"],
);

test("a cost is a bigint that is never negative, grows with usage, and never exceeds its bound", () => {
  fc.assert(
    fc.property(
      anyModel,
      anyUsage,
      fc.constantFrom(null, "default", "flex", "priority", "fast", "batch"),
      fc.constantFrom(null, "us"),
      ([provider, model], usage, serviceTier, geo) => {
        const input = costInput(model, usage, { provider, serviceTier, geo });
        const value = book.cost(input);
        if (value === null) return;
        expect(typeof value).toBe("bigint");
        expect(value >= 0n).toBe(true);
        const more = book.cost({ ...input, usage: { ...usage, output: (usage.output ?? 0) + 1 } });
        expect(more === null || more >= value).toBe(true);
        const inputTokens =
          (usage.inputUncached ?? 0) +
          (usage.cacheRead ?? 0) +
          (usage.cacheWrite5m ?? 0) +
          (usage.cacheWrite1h ?? 0);
        const bound = book.bound({
          ...input,
          kind: "chat",
          bodyBytes: inputTokens,
          outputLimit: usage.output ?? 0,
          choices: 1,
        });
        expect(bound !== null && bound >= value).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

describe("bounds", () => {
  const bound = (model: string, changes: object = {}) =>
    book.bound({
      ...costInput(model, {}),
      kind: "chat",
      bodyBytes: 1000,
      outputLimit: 100,
      choices: 1,
      ...changes,
    });

  test("every byte at the dearest input rate, every answer at its limit, the dearest tier", () => {
    // gpt-5: (1000 × 1250 × 2 (1-hour write) + 3 × 100 × 10,000) × 2 (priority) = (2,500,000 + 3,000,000) × 2
    expect(bound("gpt-5", { choices: 3 })).toBe(11_000_000n);
  });

  test("without the client's limit the model's own", () => {
    // gpt-5 writes at most 128,000: (2,500,000 + 128,000 × 10,000) × 2
    expect(bound("gpt-5", { outputLimit: null })).toBe(2_565_000_000n);
  });

  test("no wish of the caller makes them absurd", () => {
    const largest = bound("gpt-5", { outputLimit: LARGEST_OUTPUT_LIMIT, choices: MOST_CHOICES });
    for (const wish of [Number.MAX_SAFE_INTEGER, 1e9]) {
      expect(bound("gpt-5", { outputLimit: wish, choices: wish })).toBe(largest);
    }
  });

  test("embeddings have no output", () => {
    // text-embedding-3-small: 1000 × 20 × 2 (write) × 2 (priority)
    expect(bound("text-embedding-3-small", { kind: "embeddings", outputLimit: null })).toBe(80_000n);
  });

  test("unpriced stays unpriced; lists of models and counting cost nothing", () => {
    expect(bound("no-such-model")).toBeNull();
    expect(bound("no-such-model", { kind: "count_tokens" })).toBe(0n);
    expect(bound("whisper-1")).toBeNull();
  });
});
