import type { Advice } from "./advice.ts";
import { cachedOf, count, inputOf } from "./tokens.ts";
import type { Groups, UsedRequest, WhatIf } from "./used-request.ts";

/** No provider caches less. */
export const CACHEABLE_LEAST = 1024;
/** A cache lives at least so long after its last use. */
export const CACHE_LIFE_MS = 5 * 60_000;

/** Long prompts soon after each other, of which nothing came from the provider's cache. */
export function cacheMisses(groups: Groups, costOf: WhatIf): Advice[] {
  return groups.flatMap((group): Advice[] => {
    const long = group.filter(({ usage }) => inputOf(usage) >= CACHEABLE_LEAST);
    const missed = long.filter(({ usage }, at) => {
      const before = long[at - 1];
      const now = long[at];
      return (
        before !== undefined &&
        now !== undefined &&
        cachedOf(usage) === 0 &&
        now.atMs - before.atMs <= CACHE_LIFE_MS
      );
    });
    const [first] = missed;
    if (first === undefined) return [];
    // They share no more than the shortest of them.
    const shared = Math.min(...long.map(({ usage }) => inputOf(usage)));
    let saved = 0n;
    for (const request of missed) saved += savedByReading(request, shared, costOf);
    // Each run of requests writes it once, at the price of that where there is one.
    const runs = long.filter(
      ({ atMs, usage }, at) =>
        cachedOf(usage) === 0 && (at === 0 || atMs - (long[at - 1]?.atMs ?? 0) > CACHE_LIFE_MS),
    );
    for (const request of runs) saved -= extraForWriting(request, shared, costOf);
    return [
      {
        kind: "cache_misses",
        group: first,
        requests: missed.length,
        savedNanos: saved,
        found: `${count(missed.length)} of ${count(long.length)} long requests came within 5 minutes of the one before and read nothing from the cache: put what stays the same first, and mark it where the provider wants that`,
        how: `had the first ${count(shared)} tokens, as many as the shortest of them has, been read from the cache each time, less what writing them costs; at the most, as the ledger does not know what they share`,
      },
    ];
  });
}

function savedByReading(request: UsedRequest, shared: number, costOf: WhatIf): bigint {
  const { usage } = request;
  const read = { ...usage, inputUncached: (usage.inputUncached ?? 0) - shared, cacheRead: shared };
  return (costOf(request, {}) ?? 0n) - (costOf(request, { usage: read }) ?? 0n);
}

function extraForWriting(request: UsedRequest, shared: number, costOf: WhatIf): bigint {
  const { usage } = request;
  const written = { ...usage, inputUncached: (usage.inputUncached ?? 0) - shared, cacheWrite5m: shared };
  const extra = (costOf(request, { usage: written }) ?? 0n) - (costOf(request, {}) ?? 0n);
  return extra > 0n ? extra : 0n;
}
