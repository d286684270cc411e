// What a request can come to at the most, worked out by hand.
import { expect, test } from "bun:test";
import type { MostUsage } from "./ceiling.ts";
import { createPriceBook } from "./price-book.ts";
import type { PriceSnapshot } from "./price-data.ts";

const snapshot: PriceSnapshot = {
  version: "test",
  source: "test",
  lists: [
    {
      id: "openai",
      models: [
        {
          id: "plain",
          match: { equals: "plain" },
          prices: { input_mtok: 2, output_mtok: 8, cache_write_mtok: 2.5 },
        },
        {
          id: "tiered",
          match: { equals: "tiered" },
          prices: {
            input_mtok: { base: 1, tiers: [{ start: 1000, price: 2 }] },
            output_mtok: { base: 4, tiers: [{ start: 1000, price: 6 }] },
          },
        },
        {
          id: "hourly",
          match: { equals: "hourly" },
          prices: [
            { prices: { input_mtok: 2, output_mtok: 8 } },
            {
              constraint: { type: "time_of_date", start_time: "16:30:00Z", end_time: "00:30:00Z" },
              prices: { input_mtok: 1, output_mtok: 4 },
            },
          ],
        },
        { id: "embed", match: { equals: "embed" }, prices: { input_mtok: 0.02 } },
        { id: "fine", match: { equals: "fine" }, prices: { input_mtok: 0.0375, output_mtok: 0.0375 } },
        {
          id: "heard",
          match: { equals: "heard" },
          prices: { input_mtok: 1, input_audio_mtok: 10, output_mtok: 1 },
        },
      ],
    },
    {
      id: "anthropic",
      models: [
        {
          id: "claude-opus-4-6",
          match: { equals: "claude-opus-4-6" },
          prices: { input_mtok: 5, output_mtok: 25, cache_write_mtok: 6.25 },
        },
      ],
    },
  ],
};
const book = createPriceBook({ snapshot });

const USE: MostUsage = {
  inputTokens: 1000,
  audioInputTokens: 0,
  cacheWrites: "none",
  fixedOutputTokens: 0,
  tiers: [],
  places: [],
  output: {},
};

const ceiling = (model: string, use: Partial<MostUsage> = {}, provider: "openai" | "anthropic" = "openai") =>
  book.ceiling(
    { provider, preset: null, connectionId: "c", model, atMs: Date.UTC(2026, 10, 28, 12) },
    { ...USE, ...use },
  );

test("input at its price, and one token of output", () => {
  expect(ceiling("plain")).toEqual({ fixedNanos: 2_000_000n, nanosPerOutputToken: 8000n });
});

test("writes into the cache count where they can be charged", () => {
  expect(ceiling("plain", { cacheWrites: "5m" })?.fixedNanos).toBe(2_500_000n);
  expect(ceiling("plain", { cacheWrites: "1h" })?.fixedNanos).toBe(4_000_000n);
});

test("a context tier counts as soon as the input can reach it", () => {
  expect(ceiling("tiered")).toEqual({ fixedNanos: 1_000_000n, nanosPerOutputToken: 4000n });
  expect(ceiling("tiered", { inputTokens: 1001 })).toEqual({
    fixedNanos: 2_002_000n,
    nanosPerOutputToken: 6000n,
  });
});

test("the dearest hour of the day counts", () => {
  expect(ceiling("hourly")?.nanosPerOutputToken).toBe(8000n);
});

test("the dearest tier and place that the answer may name counts, and none is below the standard one", () => {
  expect(ceiling("plain", { tiers: ["default", "priority"] })?.fixedNanos).toBe(4_000_000n);
  expect(ceiling("plain", { tiers: ["flex"] })?.fixedNanos).toBe(2_000_000n);
  expect(ceiling("claude-opus-4-6", { tiers: ["fast"], places: ["us"] }, "anthropic")).toEqual({
    fixedNanos: 33_000_000n,
    nanosPerOutputToken: 165_000n,
  });
});

test("what has no known price is null: models, tiers, kinds of tokens", () => {
  expect(ceiling("of-nobody")).toBeNull();
  expect(ceiling("plain", { tiers: ["of-tomorrow"] })).toBeNull();
  expect(ceiling("embed")).toBeNull();
  expect(ceiling("embed", { output: null })).toEqual({ fixedNanos: 20_000n, nanosPerOutputToken: 0n });
});

test("sound at the price of sound, output that no limit covers at the price of output", () => {
  expect(ceiling("heard", { audioInputTokens: 400 })?.fixedNanos).toBe(600_000n + 4_000_000n);
  expect(ceiling("plain", { fixedOutputTokens: 10 })?.fixedNanos).toBe(2_080_000n);
});

test("a begun nano-dollar counts", () => {
  expect(ceiling("fine")).toEqual({ fixedNanos: 37_500n, nanosPerOutputToken: 38n });
  expect(ceiling("fine", { inputTokens: 1 })?.fixedNanos).toBe(38n);
});
