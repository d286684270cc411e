const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** No wait that a provider names is believed beyond this: a month, the longest billing period. */
export const MAX_WAIT_MS = 31 * 24 * 3_600_000;

/** A Go-style duration (`12ms`, `1s`, `6m0s`, `1h2m3s`, `33.5s`) in milliseconds; anything else is `undefined`. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h)){1,6}$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-zµ]+)/g)) {
    ms += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return boundedWait(ms);
}

/** Whole milliseconds of a believable wait, else `undefined`. */
export function boundedWait(ms: number): number | undefined {
  return Number.isFinite(ms) && ms >= 0 && ms <= MAX_WAIT_MS ? Math.ceil(ms) : undefined;
}
