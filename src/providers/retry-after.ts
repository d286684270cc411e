import { boundedWait } from "./durations.ts";
import { isNumber, readProviderRates } from "./rate-headers.ts";

/**
 * How long a provider asks to wait, from the answer's headers, the surest first: `retry-after-ms`, `retry-after`
 * (seconds or a date), then the longest of the limits that have run out (`x-ratelimit-*`: durations or plain
 * seconds; `anthropic-ratelimit-*`: RFC 3339). Dates count from the answer's own `date`, so that no clock is asked.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  return milliseconds(headers) ?? secondsOrDate(headers) ?? exhaustedLimits(headers);
}

function milliseconds(headers: Headers): number | undefined {
  const text = headers.get("retry-after-ms");
  return text !== null && isNumber(text) ? boundedWait(Number(text)) : undefined;
}

function secondsOrDate(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  return isNumber(text) ? boundedWait(Number(text) * 1000) : untilDate(headers, text);
}

/** A limit with something left does not make anybody wait. */
function exhaustedLimits(headers: Headers): number | undefined {
  const waits = readProviderRates(headers)
    .filter(({ remaining }) => remaining === 0)
    .map(({ resetMs }) => resetMs)
    .filter((waitMs) => waitMs !== null);
  return waits.length > 0 ? Math.max(...waits) : undefined;
}

function untilDate(headers: Headers, text: string): number | undefined {
  const until = Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(until) ? undefined : boundedWait(Math.max(until, 0));
}
