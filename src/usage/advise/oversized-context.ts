import type { Advice } from "./advice.ts";
import { count, inputOf, medianOf, withoutEnd } from "./tokens.ts";
import type { Groups, WhatIf } from "./used-request.ts";

/** So many times the group's middle request is large, and below so many tokens nothing is. */
export const LARGE_FACTOR = 4;
export const LARGE_LEAST = 20_000;
/** Growing: within so long after the one before, and at least as long. */
const CONVERSATION_GAP_MS = 15 * 60_000;

/** Requests that carry far more than this tool's usual, most often a conversation that goes on and on. */
export function oversizedContext(groups: Groups, costOf: WhatIf): Advice[] {
  return groups.flatMap((group): Advice[] => {
    const limit = Math.max(LARGE_LEAST, LARGE_FACTOR * medianOf(group.map(({ usage }) => inputOf(usage))));
    const large = group.filter(({ usage }) => inputOf(usage) > limit);
    const [first] = large;
    if (first === undefined) return [];
    let saved = 0n;
    for (const request of large) {
      const shorter = withoutEnd(request.usage, inputOf(request.usage) - limit);
      saved += (costOf(request, {}) ?? 0n) - (costOf(request, { usage: shorter }) ?? 0n);
    }
    const input = large.reduce((sum, { usage }) => sum + inputOf(usage), 0);
    const output = large.reduce((sum, { usage }) => sum + (usage.output ?? 0), 0);
    const grown = group.filter((request, at) => {
      const before = group[at - 1];
      if (before === undefined || inputOf(request.usage) <= limit) return false;
      return (
        request.atMs - before.atMs <= CONVERSATION_GAP_MS && inputOf(request.usage) >= inputOf(before.usage)
      );
    }).length;
    return [
      {
        kind: "oversized_context",
        group: first,
        requests: large.length,
        savedNanos: saved,
        found: `${count(large.length)} requests had more than ${count(limit)} input tokens (${count(Math.round(input / Math.max(1, output)))} for each one of output); ${count(grown)} of them grew from the one before: begin anew or compact earlier`,
        how: `had none been longer than ${count(limit)} tokens: the larger of ${count(LARGE_LEAST)} and ${LARGE_FACTOR} times the middle request; the dearest tokens are left out first`,
      },
    ];
  });
}
