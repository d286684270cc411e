import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../kernel/index.ts";
import { formatAmount, parseAmount, parseMoney } from "./amount.ts";
import { PERIOD_UNITS } from "./calendar/period.ts";

test.each([
  ["20usd/month", 20_000_000_000n, "month"],
  ["0.000436usd/day", 436_000n, "day"],
  [" $5 USD/Week ", 5_000_000_000n, "week"],
  ["100/lifetime", 100_000_000_000n, "lifetime"],
  ["0usd/day", 0n, "day"],
] as const)("%s is understood", (text, limitNanos, unit) => {
  expect(parseAmount(text)).toEqual({ limitNanos, unit });
});

test.each([
  "",
  "20usd",
  "20usd/year",
  "-1usd/day",
  "1e3usd/day",
  "0.0000000001usd/day",
  "1usd/day/day",
  "usd/day",
  "1eur/day",
])("%s is refused with how to write it", (text) => {
  expect(() => parseAmount(text)).toThrow(AppError);
  if (text !== "20usd") expect(() => parseMoney(text)).toThrow(AppError);
});

test("every amount is read back as it is written", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 18n), fc.constantFrom(...PERIOD_UNITS), (limitNanos, unit) => {
      expect(parseAmount(formatAmount({ limitNanos, unit }))).toEqual({ limitNanos, unit });
      expect(parseMoney(`${formatAmount({ limitNanos, unit }).split("/")[0] ?? ""}`)).toBe(limitNanos);
    }),
  );
});
