import type { Advice } from "./advice.ts";
import { count, inputOf, withoutBeginning } from "./tokens.ts";
import type { Groups, WhatIf } from "./used-request.ts";

/** Fewer requests tell nothing of what all of them have. */
export const LEAST_REQUESTS = 20;
/** A floor below so many tokens is nothing to shorten. */
export const LEAST_FLOOR = 2000;

/** What every request of a tool carries: its rules files, its instructions, its list of tools. */
export function fixedPrefix(groups: Groups, costOf: WhatIf): Advice[] {
  return groups.flatMap((group): Advice[] => {
    const [first] = group;
    if (first === undefined || group.length < LEAST_REQUESTS) return [];
    const floor = Math.min(...group.map(({ usage }) => inputOf(usage)));
    if (floor < LEAST_FLOOR) return [];
    let paid = 0n;
    for (const request of group) {
      const rest = withoutBeginning(request.usage, floor);
      paid += (costOf(request, {}) ?? 0n) - (costOf(request, { usage: rest }) ?? 0n);
    }
    return [
      {
        kind: "fixed_prefix",
        group: first,
        requests: group.length,
        savedNanos: paid,
        found: `every one of ${count(group.length)} requests had at least ${count(floor)} input tokens: look at .cursorrules, CLAUDE.md, AGENTS.md and the tools that are switched on`,
        how: `what the first ${count(floor)} tokens of each cost, cached ones at the price of those; it is the floor that all of them pay, and not all of it can go`,
      },
    ];
  });
}
