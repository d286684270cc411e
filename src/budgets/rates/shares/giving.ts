import type { Counter } from "../counter.ts";

/** A limit that was not used for so long is not needed here now. */
export const IDLE_MS = 3_000;

/**
 * Lowers the share of a limit that others wait for: all that is not in use where it is idle here, else as much as they
 * need or half of it. Gives when there will be something, by this process's clock, if there is nothing now.
 */
export function giveUp(counter: Counter, wanted: number, nowMs: number): { freeAtMs: number | undefined } {
  const held = Math.min(counter.share, counter.limit);
  const spare = Math.floor(held - counter.gauge.used(nowMs));
  if (spare < 1) {
    const freeAtMs = held < 1 ? undefined : counter.gauge.atMost(held - 1, nowMs);
    return { freeAtMs };
  }
  const isIdle = nowMs - counter.usedAtMs > IDLE_MS;
  const given = isIdle ? spare : Math.min(spare, Math.max(Math.ceil(spare / 2), wanted));
  counter.share = held - given;
  return { freeAtMs: undefined };
}
