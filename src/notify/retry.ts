const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long to wait after each attempt that failed: a receiver may be away for most of a day. */
const DELAYS_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
] as const;

/**
 * How long to wait after so many attempts, between half of the delay and all of it, so that many senders do not come
 * back at the same moment; `undefined` when it is to be given up.
 * @param random from 0 up to 1.
 */
export function retryDelayMs(attempts: number, random: number): number | undefined {
  const delayMs = DELAYS_MS[attempts - 1];
  return delayMs === undefined ? undefined : Math.ceil(delayMs / 2 + (delayMs / 2) * random);
}
