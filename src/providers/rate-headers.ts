import { boundedWait, parseDuration } from "./durations.ts";

/** What a provider tells of one of its own limits. */
export interface ProviderRate {
  /** `requests`, `tokens`, `input-tokens`, …; as the provider calls it. */
  readonly name: string;
  /** `null` = not told, or not believable. */
  readonly limit: number | null;
  readonly remaining: number | null;
  /** How long until it is whole again. */
  readonly resetMs: number | null;
}

/** `x-ratelimit-remaining-requests`, `x-ratelimit-remaining`, `anthropic-ratelimit-input-tokens-reset`. */
const OPENAI = /^x-ratelimit-(limit|remaining|reset)(?:-([a-z0-9_-]{1,40}))?$/;
const ANTHROPIC = /^anthropic-ratelimit-([a-z0-9_-]{1,40})-(limit|remaining|reset)$/;
/** Nobody has so many; a stranger could otherwise fill memory with names. */
const MOST_RATES = 16;

/** Whether a header, named in lower case, tells of a provider's limits. */
export function isRateHeader(name: string): boolean {
  return name.startsWith("x-ratelimit-") || name.startsWith("anthropic-ratelimit-");
}

/**
 * The limits that an answer's headers tell of, by name; names in lower case. Whatever is written there: what is no
 * limit is passed over (−1 and 0 of 0 were seen), and nothing is thrown. Points in time count from the answer's own
 * `date`, so that no clock is asked.
 */
export function readProviderRates(headers: Iterable<readonly [string, string]>): ProviderRate[] {
  const found = new Map<string, Partial<Record<Part, string>>>();
  let date: string | undefined;
  for (const [name, value] of headers) {
    if (name === "date") date = value;
    if (!isRateHeader(name)) continue;
    const [, openAiPart, openAiName] = OPENAI.exec(name) ?? [];
    const [, anthropicName, anthropicPart] = ANTHROPIC.exec(name) ?? [];
    const part = (openAiPart ?? anthropicPart) as Part | undefined;
    if (part === undefined) continue;
    const rate = openAiName ?? anthropicName ?? "requests";
    if (!found.has(rate) && found.size === MOST_RATES) continue;
    found.set(rate, { ...found.get(rate), [part]: value.trim() });
  }
  return [...found].flatMap(([name, { limit, remaining, reset }]) => {
    const rate = {
      name,
      limit: countIn(limit),
      remaining: countIn(remaining),
      resetMs: reset === undefined ? null : (resetMsIn(reset, date) ?? null),
    };
    const saysNothing = rate.limit === 0 || (rate.limit === null && rate.remaining === null);
    return saysNothing ? [] : [rate];
  });
}

type Part = "limit" | "remaining" | "reset";

/**
 * Go's durations (`6m0s`), plain seconds, RFC 3339, and seconds or milliseconds since 1970. `undefined` for what is
 * none of them, for no time at all, and for more than anybody would wait.
 */
function resetMsIn(text: string, date: string | undefined): number | undefined {
  const seconds = isNumber(text) ? Number(text) : undefined;
  if (seconds === undefined) return parseDuration(text) ?? untilTime(Date.parse(text), date);
  if (seconds > 1e11) return untilTime(seconds, date);
  if (seconds > 1e9) return untilTime(seconds * 1000, date);
  return seconds > 0 ? boundedWait(seconds * 1000) : undefined;
}

function untilTime(timeMs: number, date: string | undefined): number | undefined {
  const waitMs = timeMs - Date.parse(date ?? "");
  return Number.isNaN(waitMs) ? undefined : boundedWait(Math.max(waitMs, 0));
}

function countIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export function isNumber(text: string): boolean {
  return /^\d{1,13}(?:\.\d{1,6})?$/.test(text.trim());
}
