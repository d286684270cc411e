import { AppError } from "../../kernel/index.ts";
import type { Counter, RateLimitName, Unit } from "./counter.ts";

/** A request that did not fit, and what it would have needed. */
export interface Shortage {
  readonly counter: Counter;
  /** How long until it would fit, if nobody else came. */
  readonly waitMs: number;
  /** What the request is counted with, where it is tokens. */
  readonly estimatedTokens: number;
}

/** Nobody knows when a request that is under way ends. */
export const TRY_AGAIN_MS = 1_000;

/**
 * The refusal for the limit that takes longest to come free. Its details hold what the dialects' own rate headers
 * tell: of the requests' limits and of the tokens' the one that has least left.
 */
export function rateLimited(
  shortage: Shortage,
  counters: readonly Counter[],
  nowMs: number,
  nameOf: (subject: string) => string,
): AppError {
  const { counter, waitMs } = shortage;
  const whose = nameOf(counter.subject);
  return new AppError("rate_limited", `the limit of ${limitText(counter)} is used up for ${whose}`, {
    hint: `try again in ${seconds(waitMs)}${needsAll(shortage)}`,
    retryable: true,
    details: {
      limit: counter.name,
      subject: whose,
      most: counter.limit,
      retryAfterMs: Math.ceil(waitMs),
      ...standing("requests", counters, nowMs),
      ...standing("tokens", counters, nowMs),
    },
  });
}

/** Nothing is wrong with waiting, but much else may pass before. */
function needsAll({ counter, estimatedTokens }: Shortage): string {
  if (counter.unit !== "tokens" || estimatedTokens <= counter.limit) return "";
  return `; this request is estimated at ${estimatedTokens} tokens, and needs all of the limit: ask for a smaller output limit, or for less at once`;
}

function limitText({ limit, name }: Counter): string {
  const [unit, when] = TEXTS[name];
  return `${limit} ${unit}${limit === 1 ? "" : "s"} ${when}`;
}

const TEXTS: Readonly<Record<RateLimitName, readonly [unit: string, when: string]>> = {
  requestsPerMinute: ["request", "in any 60 seconds"],
  tokensPerMinute: ["token", "in any 60 seconds"],
  requestsPerDay: ["request", "in any 24 hours"],
  tokensPerDay: ["token", "in any 24 hours"],
  concurrency: ["request", "at the same time"],
};

function standing(unit: Unit, counters: readonly Counter[], nowMs: number): Record<string, number> {
  const own = counters.filter((counter) => counter.unit === unit);
  const [first, ...rest] = own;
  if (first === undefined) return {};
  const least = rest.reduce((a, b) => (b.remaining(nowMs) < a.remaining(nowMs) ? b : a), first);
  return {
    [`${unit}Limit`]: least.limit,
    [`${unit}Remaining`]: least.remaining(nowMs),
    [`${unit}ResetMs`]: Math.ceil((least.gauge.atMost(0, nowMs) ?? nowMs) - nowMs),
  };
}

function seconds(waitMs: number): string {
  const whole = Math.ceil(waitMs / 1000);
  if (whole < 120) return whole === 1 ? "1 second" : `${whole} seconds`;
  return whole < 7200 ? `${Math.ceil(whole / 60)} minutes` : `${Math.ceil(whole / 3600)} hours`;
}
