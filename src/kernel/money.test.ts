import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { costOf, formatUsd, NANOS_PER_USD, parseUsd, scaledDecimal } from "./money.ts";

const nanos = fc.bigInt({ min: 0n, max: 10n ** 21n - 1n });

test("what is formatted is read back exactly, whatever the amount", () => {
  fc.assert(fc.property(nanos, (amount) => parseUsd(formatUsd(amount)) === amount));
});

test("a formatted amount has at most nine places, no exponent and no zero at the end", () => {
  fc.assert(
    fc.property(nanos, fc.boolean(), (amount, negative) => {
      expect(formatUsd(negative ? -amount : amount)).toMatch(/^-?\d+(\.\d{0,8}[1-9])?$/);
    }),
  );
  expect(formatUsd(-2_500n)).toBe("-0.0000025");
  expect(formatUsd(0n)).toBe("0");
});

describe("amounts are read exactly or not at all", () => {
  test.each([
    ["12", 12n * NANOS_PER_USD],
    ["0.5", NANOS_PER_USD / 2n],
    [".000000001", 1n],
    ["1.", NANOS_PER_USD],
  ])("%s", (text, amount) => {
    expect(parseUsd(text)).toBe(amount);
  });

  test.each(["", ".", "-1", "+1", "1e3", "0.0000000001", "1,5", " 1", "1 ", "٣", "1234567890123", "0x1"])(
    "%p is refused",
    (text) => {
      expect(parseUsd(text)).toBeUndefined();
    },
  );
});

describe("decimals of price sources are scaled exactly or not at all", () => {
  test.each([
    [2.5, 9, 2_500_000_000n],
    [1e-7, 9, 100n],
    ["1.50E+2", 2, 15_000n],
    [0, 0, 0n],
    ["0e-300", 0, 0n],
    ["123456789012345678901234567890.5", 1, 1234567890123456789012345678905n],
  ])("%p at %i places", (value, places, scaled) => {
    expect(scaledDecimal(value, places)).toBe(scaled);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e-10, "1.", ".5", "1e", "abc", ""])(
    "%p does not fit nine places",
    (value) => {
      expect(scaledDecimal(value, 9)).toBeUndefined();
    },
  );

  test("agrees with the amount's own form", () => {
    fc.assert(fc.property(nanos, (amount) => scaledDecimal(formatUsd(amount), 9) === amount));
  });
});

describe("a cost is rounded up to the next nano-dollar, and never more", () => {
  test("by less than one nano-dollar", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        (units, price) => {
          const over = costOf(units, price) * 1_000_000n - units * price;
          return over >= 0n && over < 1_000_000n;
        },
      ),
    );
  });

  test("hand-made: 10 tokens at $0.15 per million are 1500 nano-dollars, one at the least price is 1", () => {
    expect(costOf(10, 150_000_000n)).toBe(1500n);
    expect(costOf(1, 1n)).toBe(1n);
    expect(costOf(0, 150_000_000n)).toBe(0n);
  });

  test("half a unit is an error, not a guess", () => {
    expect(() => costOf(0.5, 1n)).toThrow(RangeError);
  });
});
