import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../../kernel/index.ts";
import { LONGEST_PAUSE_MS, ProviderRates, type Target, type Told } from "./provider-rates.ts";
import { TestClock } from "./rates.testing.ts";

const TARGET = { keyId: "key_1", model: "gpt-5" };
const CONTINUOUS = { rateRefill: "continuous" } as const;
const WINDOW = {};

function open() {
  const clock = new TestClock();
  return { clock, rates: new ProviderRates(clock) };
}

/** How long it asks to wait; 0 = nothing keeps it from being sent. */
function waitMs(rates: ProviderRates, target = TARGET): number {
  try {
    if (rates.isPausing) rates.assertOpen(target);
    return 0;
  } catch (error) {
    return error instanceof AppError ? Number(error.details?.["retryAfterMs"]) : -1;
  }
}

type Headers = readonly (readonly [string, string])[];

function answered(
  rates: ProviderRates,
  target: Target,
  provider: Told["provider"],
  headers: Headers,
  status = 200,
): void {
  rates.answered(target, { status, headers, provider });
}

const nothingLeft = (reset: string, limit = "60") =>
  [
    ["x-ratelimit-limit-requests", limit],
    ["x-ratelimit-remaining-requests", "0"],
    ["x-ratelimit-reset-requests", reset],
  ] as const;

test("while nothing is left until a reset, nothing is sent; other models and keys go on", () => {
  const { clock, rates } = open();
  answered(rates, TARGET, WINDOW, nothingLeft("20s"));
  expect(waitMs(rates)).toBe(20_000);
  expect(waitMs(rates, { ...TARGET, model: "gpt-5-mini" })).toBe(0);
  expect(waitMs(rates, { ...TARGET, keyId: "key_2" })).toBe(0);
  clock.pass(19_999);
  expect(waitMs(rates)).toBe(1);
  clock.pass(1);
  expect(waitMs(rates)).toBe(0);
  expect(rates.isPausing).toBeFalse();
});

test("where limits come free continuously, it is waited for the next request and not for all of them", () => {
  const { rates } = open();
  answered(rates, TARGET, CONTINUOUS, nothingLeft("24h", "200"));
  // 24 h / 200 = 7.2 minutes: more than anybody is believed.
  expect(waitMs(rates)).toBe(LONGEST_PAUSE_MS);
  const other = { ...TARGET, model: "gpt-5-mini" };
  answered(rates, other, CONTINUOUS, nothingLeft("60s", "500"));
  expect(waitMs(rates, other)).toBe(1_000);
});

test("a refusal that says how long to wait is believed, for five minutes at the most", () => {
  const { rates } = open();
  rates.refused(TARGET, WINDOW, 30_000);
  expect(waitMs(rates)).toBe(30_000);
  rates.refused(TARGET, WINDOW, 86_400_000);
  expect(waitMs(rates)).toBe(LONGEST_PAUSE_MS);
  const other = { ...TARGET, model: "other" };
  rates.refused(other, WINDOW, undefined);
  expect(waitMs(rates, other)).toBe(0);
});

test("a refusal's own word counts more than what its headers tell of limits", () => {
  const { rates } = open();
  answered(rates, TARGET, WINDOW, [["retry-after", "1"], ...nothingLeft("6m")], 429);
  rates.refused(TARGET, WINDOW, 1_000);
  expect(waitMs(rates)).toBe(0);
  answered(rates, TARGET, CONTINUOUS, nothingLeft("6m", "60"), 429);
  // Without one, what was made of the reset is corrected for how this provider's limits come free.
  rates.refused(TARGET, CONTINUOUS, 360_000);
  expect(waitMs(rates)).toBe(6_000);
});

test("something left, or figures that make no sense, keep nobody waiting", () => {
  const { rates } = open();
  answered(rates, TARGET, WINDOW, [
    ["x-ratelimit-remaining-requests", "1"],
    ["x-ratelimit-reset-requests", "20s"],
  ]);
  answered(rates, TARGET, WINDOW, [["x-ratelimit-remaining-tokens", "0"]]);
  answered(rates, TARGET, WINDOW, nothingLeft("0"));
  answered(rates, TARGET, WINDOW, nothingLeft("120ms"));
  rates.refused(TARGET, WINDOW, 1_000);
  answered(rates, TARGET, WINDOW, nothingLeft("10s", "0"));
  expect(waitMs(rates)).toBe(0);
});

test("what was seen last is told, of at most fifty models", () => {
  const { clock, rates } = open();
  for (let number = 0; number < 60; number++) {
    answered(rates, { ...TARGET, model: `m${number}` }, WINDOW, nothingLeft("20s"));
  }
  const seen = rates.seen("key_1");
  expect(seen).toHaveLength(50);
  expect(seen.at(-1)).toEqual({
    model: "m59",
    rates: [{ name: "requests", limit: 60, remaining: 0, resetMs: 20_000 }],
    seenAtMs: clock.timeMs,
    pausedUntilMs: clock.timeMs + 20_000,
  });
  expect([...rates.news()]).toEqual(["key_1"]);
  expect([...rates.news()]).toEqual([]);
});

test("whatever a provider says, a key is tried again after five minutes", () => {
  const header = fc.tuple(
    fc.constantFrom(
      "date",
      "x-ratelimit-limit-requests",
      "x-ratelimit-remaining-requests",
      "x-ratelimit-reset-requests",
      "anthropic-ratelimit-tokens-remaining",
      "anthropic-ratelimit-tokens-reset",
    ),
    fc.oneof(fc.constant("0"), fc.string({ maxLength: 20 }), fc.bigInt().map(String), fc.constant("9999h")),
  );
  fc.assert(
    fc.property(
      fc.array(header, { maxLength: 12 }),
      fc.option(fc.double(), { nil: undefined }),
      fc.constantFrom(CONTINUOUS, WINDOW),
      (headers, retryAfterMs, provider) => {
        const { clock, rates } = open();
        answered(rates, TARGET, provider, headers);
        rates.refused(TARGET, provider, retryAfterMs);
        expect(waitMs(rates)).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
        clock.pass(LONGEST_PAUSE_MS);
        expect(waitMs(rates)).toBe(0);
        expect(rates.seen("key_1")).toBeArray();
      },
    ),
    { numRuns: 500 },
  );
});
