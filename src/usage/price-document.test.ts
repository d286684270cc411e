import { expect, test } from "bun:test";
import { bundledPrices } from "./bundled-prices.ts";
import { priceOverride } from "./overrides.ts";
import { createPriceBook } from "./price-book.ts";
import { overrideDocument, priceDocument } from "./price-document.ts";
import type { PricedModel } from "./pricing.ts";

const book = createPriceBook({ snapshot: bundledPrices() });
const model = (name: string, changes: Partial<PricedModel> = {}): PricedModel => ({
  provider: "openai",
  preset: null,
  connectionId: "conn_1",
  model: name,
  atMs: Date.parse("2026-11-20T12:00:00Z"),
  ...changes,
});

test("a listed price is shown with its list, its version and the limit from which it is dearer", () => {
  expect(priceDocument(book, model("gemini-2.5-pro", { provider: "google" }))).toEqual({
    model: "gemini-2.5-pro",
    source: 'list "google", model "gemini-2.5-pro", from the package @pydantic/genai-prices 0.1.8',
    version: "genai-prices 0.1.8",
    inputUsdPerMillion: "1.25",
    outputUsdPerMillion: "10",
    cacheReadUsdPerMillion: "0.125",
    cacheWrite5mUsdPerMillion: "1.5625",
    cacheWrite1hUsdPerMillion: "2.5",
    dearerFromInputTokens: 200_001,
    suggestions: [],
  });
});

test("an own price says so, and when it was set", () => {
  const override = priceOverride({ scope: "*", model: "gpt-5", inputUsd: "0.5", outputUsd: "1" }, 0);
  const mine = createPriceBook({ snapshot: bundledPrices(), overrides: [override] });
  expect(priceDocument(mine, model("gpt-5"))).toMatchObject({
    source: "your own price, set 1970-01-01T00:00:00.000Z",
    inputUsdPerMillion: "0.5",
    cacheReadUsdPerMillion: "0.5",
  });
  expect(overrideDocument(override)).toMatchObject({
    scope: "*",
    model: "gpt-5",
    inputUsdPerMillion: "0.5",
    cacheReadUsdPerMillion: null,
  });
});

test("an unknown model is unpriced, with the nearest known name", () => {
  expect(priceDocument(book, model("gpt-5-ultra"))).toMatchObject({
    source: "not in the price data",
    inputUsdPerMillion: null,
    suggestions: ["gpt-5"],
  });
});

test("a model on the user's own machine costs 0", () => {
  const local = model("qwen3", { provider: "openai-compatible", preset: "ollama" });
  expect(priceDocument(book, local)).toMatchObject({ inputUsdPerMillion: "0", outputUsdPerMillion: "0" });
});
