import { boundedWait, parseDuration } from "./durations.ts";

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

/** A limit with something left does not make anybody wait; −1 (seen on Azure) means nothing. */
function exhaustedLimits(headers: Headers): number | undefined {
  const waits = [...headers]
    .filter(([name, value]) => LIMIT_LEFT.test(name) && Number(value) === 0)
    .map(([name]) => resetOf(headers, name))
    .filter((wait) => wait !== undefined);
  return waits.length > 0 ? Math.max(...waits) : undefined;
}

const LIMIT_LEFT = /^(?:x|anthropic)-ratelimit-.*remaining/;

function resetOf(headers: Headers, remainingName: string): number | undefined {
  const text = headers.get(remainingName.replace("remaining", "reset"));
  if (text === null) return undefined;
  if (!isNumber(text)) return parseDuration(text) ?? untilDate(headers, text);
  const wait = Number(text);
  return wait > 0 ? boundedWait(wait * 1000) : undefined;
}

function untilDate(headers: Headers, text: string): number | undefined {
  const until = Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(until) ? undefined : boundedWait(Math.max(until, 0));
}

function isNumber(text: string): boolean {
  return /^\d{1,12}(?:\.\d{1,6})?$/.test(text.trim());
}
