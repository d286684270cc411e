import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Histogram } from "./histogram.ts";
import { percentile } from "./numbers.ts";

test("a percentile is that of the durations themselves, to within half a percent", () => {
  const durationsMs = fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(durationsMs, fc.constantFrom(0, 50, 99, 100), (values, percent) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const exact = percentile(values, percent);
      expect(Math.abs(histogram.percentileMs(percent) / exact - 1)).toBeLessThan(0.005);
    }),
  );
});

test("one that was cleared knows nothing", () => {
  const histogram = new Histogram();
  histogram.add(5);
  histogram.clear();
  expect([histogram.total, histogram.percentileMs(99)]).toEqual([0, 0]);
});
