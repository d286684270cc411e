import { NANOS_PER_USD } from "../kernel/index.ts";

/** What is summed up, in `daily_sums` and in reports. */
export const SUMMED = [
  "requests",
  "attempts",
  "input",
  "cached",
  "output",
  "cost_dollars",
  "cost_rest",
  "unpriced",
  "estimated",
] as const;

/** The same over rows of `attempts`. Cost in two parts: SQLite's sums have 64 bits, and fail beyond. */
export const ROW_SUMS = `
  sum(attempt = 1) AS requests,
  count(*) AS attempts,
  sum(coalesce(input_uncached, 0) + coalesce(cache_read, 0)
    + coalesce(cache_write_5m, 0) + coalesce(cache_write_1h, 0)) AS input,
  sum(coalesce(cache_read, 0)) AS cached,
  sum(coalesce(output, 0)) AS output,
  sum(coalesce(cost_nanos, 0) / ${NANOS_PER_USD}) AS cost_dollars,
  sum(coalesce(cost_nanos, 0) % ${NANOS_PER_USD}) AS cost_rest,
  sum(cost_nanos IS NULL) AS unpriced,
  sum(estimated) AS estimated`;

/** And over rows of `daily_sums`. */
export const SUM_SUMS = SUMMED.map((column) => `sum(${column}) AS ${column}`).join(", ");
