import { expect, test } from "bun:test";
import { dearestFactor, factorOf } from "./factors.ts";
import type { Multiplier } from "./multipliers.ts";
import type { ListedModel } from "./price-data.ts";
import { pricesAround, pricesAt, rateOf, ratesFor, rateTable } from "./rates.ts";

const at = (text: string) => Date.parse(`2026-11-20T${text}Z`);

test("a daily window may pass midnight; a bound looks at all windows", () => {
  const night = { input_mtok: 1 };
  const model: ListedModel = {
    id: "m",
    match: { equals: "m" },
    prices: [
      { prices: { input_mtok: 2 } },
      { constraint: { type: "time_of_date", start_time: "22:00:00Z", end_time: "06:00:00Z" }, prices: night },
    ],
  };
  expect(pricesAt(model, at("23:00:00"))).toEqual([night]);
  expect(pricesAt(model, at("05:59:59"))).toEqual([night]);
  expect(pricesAt(model, at("06:00:00"))).toEqual([{ input_mtok: 2 }]);
  // Also the price that holds when the window has ended: a request may last until then.
  for (const time of ["12:00:00", "23:00:00", "05:59:59"]) {
    expect(pricesAround(model, at(time))).toEqual([{ input_mtok: 2 }, night]);
  }
});

test("a model without a price in force yet has none", () => {
  const model: ListedModel = {
    id: "m",
    match: { equals: "m" },
    prices: [{ constraint: { type: "start_date", start_date: "2030-01-01" }, prices: { input_mtok: 1 } }],
  };
  expect(pricesAt(model, at("00:00:00"))).toEqual([]);
});

test("a bound looks at the price of tomorrow, when a request may last until then", () => {
  const [before, later] = [{ input_mtok: 1 }, { input_mtok: 3 }];
  const model: ListedModel = {
    id: "m",
    match: { equals: "m" },
    prices: [
      { prices: before },
      { constraint: { type: "start_date", start_date: "2026-11-21" }, prices: later },
    ],
  };
  expect(pricesAround(model, at("21:59:59"))).toEqual([before]);
  expect(pricesAround(model, at("22:00:00"))).toEqual([before, later]);
});

test("tiers of different prices are each followed from their own start", () => {
  const table = rateTable(
    {
      input_mtok: {
        base: 1,
        tiers: [
          { start: 100, price: 2 },
          { start: 10, price: 3 },
        ],
      },
      output_mtok: { base: 5, tiers: [{ start: 50, price: 6 }] },
    },
    "m",
  );
  const rates = [10, 11, 50, 51, 100, 101].map((tokens) => table && ratesFor(table, tokens));
  expect(rates.map((each) => each?.input)).toEqual([1, 3, 3, 3, 3, 2].map((usd) => BigInt(usd) * 10n ** 9n));
  expect(rates.map((each) => each?.output)).toEqual([5, 5, 5, 6, 6, 6].map((usd) => BigInt(usd) * 10n ** 9n));
});

test("prices become integers exactly, or are rounded up", () => {
  expect(rateOf(2.5, 9)).toBe(2_500_000_000n);
  expect(rateOf(1e-7, 9)).toBe(100n);
  expect(rateOf(0.1 + 0.2, 9)).toBe(300_000_001n);
  expect(rateOf(1e-12, 9)).toBe(1n);
  expect(rateOf(0, 9)).toBe(0n);
  expect(rateOf(-1, 9)).toBeUndefined();
  expect(rateOf(Number.NaN, 9)).toBeUndefined();
});

test("a factor holds from its day on, for its models, and the dearest of all is what a bound takes", () => {
  const table: Multiplier[] = [
    {
      providers: ["openai"],
      kind: "tier",
      name: "turbo",
      permille: 3000n,
      source: "test",
      models: /^a/,
      since: "2026-11-20",
    },
    { providers: ["openai"], kind: "geo", name: "moon", permille: 1500n, source: "test" },
  ];
  const input = { provider: "openai", model: "a", atMs: at("00:00:00"), tier: "turbo", geo: null } as const;
  expect(factorOf(table, input)).toBe(3_000_000n);
  expect(factorOf(table, { ...input, geo: "Moon" })).toBe(4_500_000n);
  expect(factorOf(table, { ...input, atMs: input.atMs - 1 })).toBeUndefined();
  expect(factorOf(table, { ...input, model: "b" })).toBeUndefined();
  expect(factorOf(table, { ...input, provider: "google" })).toBeUndefined();
  expect(factorOf(table, { ...input, tier: null })).toBe(1_000_000n);
  expect(dearestFactor(table, input)).toBe(4_500_000n);
  expect(dearestFactor(table, { ...input, model: "b" })).toBe(1_500_000n);
});
