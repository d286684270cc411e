import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { MAX_WAIT_MS } from "./durations.ts";
import { type ProviderRate, readProviderRates } from "./rate-headers.ts";

const date = "Mon, 02 Nov 2026 10:00:00 GMT";

function rate(
  name: string,
  limit: number | null,
  remaining: number | null,
  resetMs: number | null,
): ProviderRate {
  return { name, limit, remaining, resetMs };
}

test.each<[string, Record<string, string>, readonly ProviderRate[]]>([
  [
    "OpenAI",
    {
      "x-ratelimit-limit-requests": "5000",
      "x-ratelimit-remaining-requests": "4999",
      "x-ratelimit-reset-requests": "12ms",
      "x-ratelimit-limit-tokens": "450000",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "6m0s",
    },
    [rate("requests", 5000, 4999, 12), rate("tokens", 450_000, 0, 360_000)],
  ],
  [
    "Anthropic",
    {
      date,
      "anthropic-ratelimit-input-tokens-limit": "50000",
      "anthropic-ratelimit-input-tokens-remaining": "49000",
      "anthropic-ratelimit-input-tokens-reset": "2026-11-02T10:00:05Z",
    },
    [rate("input-tokens", 50_000, 49_000, 5000)],
  ],
  [
    "Azure",
    {
      "x-ratelimit-limit-requests": "10",
      "x-ratelimit-remaining-requests": "9",
      "x-ratelimit-reset-requests": "7",
    },
    [rate("requests", 10, 9, 7000)],
  ],
  [
    "OpenRouter",
    { date, "x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1793613660000" },
    [rate("requests", 20, 0, 60_000)],
  ],
  ["Azure's −1", { "x-ratelimit-remaining-tokens": "-1", "x-ratelimit-limit-tokens": "-1" }, []],
  ["Azure's 0 of 0", { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-limit-tokens": "0" }, []],
  [
    "a time without a date",
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-02T10:00:05Z" },
    [rate("requests", null, 0, null)],
  ],
  [
    "a reset beyond belief",
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999999h" },
    [rate("requests", null, 0, null)],
  ],
  ["other headers", { "retry-after": "5", "x-request-id": "1" }, []],
])("%s's headers are read", (_name, headers, expected) => {
  expect(readProviderRates(Object.entries(headers))).toEqual([...expected]);
});

test("whatever stands in the headers, figures are believable and nothing is thrown", () => {
  const name = fc.oneof(
    fc
      .tuple(
        fc.constantFrom("x-ratelimit-", "anthropic-ratelimit-"),
        fc.constantFrom(
          "limit",
          "remaining",
          "reset",
          "requests-limit",
          "tokens-remaining",
          "tokens-reset",
          "",
        ),
        fc.constantFrom("", "-requests", "-tokens", "-__proto__"),
      )
      .map((parts) => parts.join("")),
    fc.constantFrom("date", "retry-after"),
    fc.string({ maxLength: 30 }),
  );
  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.double().map(String),
    fc.integer().map(String),
    fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.tuple(fc.nat(), fc.constantFrom("ms", "s", "m", "h", "d")).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 60 }), (headers) => {
      const rates = readProviderRates(headers);
      expect(rates.length).toBeLessThanOrEqual(16);
      for (const { limit, remaining, resetMs } of rates) {
        for (const count of [limit, remaining]) {
          expect(count === null || (Number.isSafeInteger(count) && count >= 0)).toBeTrue();
        }
        expect(resetMs === null || (resetMs >= 0 && resetMs <= MAX_WAIT_MS)).toBeTrue();
      }
    }),
    { numRuns: 500 },
  );
});
