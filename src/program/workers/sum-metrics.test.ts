import { expect, test } from "bun:test";
import { sumMetrics } from "./sum-metrics.ts";

test("each series is the sum of all processes', in the order of the first", () => {
  const first = [
    "# HELP a_total Things.",
    "# TYPE a_total counter",
    'a_total{code="x y"} 1',
    "# HELP b_seconds Time.",
    "# TYPE b_seconds histogram",
    'b_seconds_bucket{le="0.5"} 2',
    "b_seconds_sum 0.25",
  ].join("\n");
  const second = [
    "# HELP a_total Things.",
    "# TYPE a_total counter",
    'a_total{code="x y"} 4',
    'a_total{code="z"} 1',
    "# HELP b_seconds Time.",
    "# TYPE b_seconds histogram",
    'b_seconds_bucket{le="0.5"} 3',
    "b_seconds_sum 0.5",
    "",
  ].join("\n");
  expect(sumMetrics([first, second]).split("\n")).toEqual([
    "# HELP a_total Things.",
    "# TYPE a_total counter",
    'a_total{code="x y"} 5',
    'a_total{code="z"} 1',
    "# HELP b_seconds Time.",
    "# TYPE b_seconds histogram",
    'b_seconds_bucket{le="0.5"} 5',
    "b_seconds_sum 0.75",
  ]);
  expect(sumMetrics([])).toBe("");
});
