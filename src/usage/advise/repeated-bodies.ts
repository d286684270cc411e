import type { Advice } from "./advice.ts";
import { count } from "./tokens.ts";
import type { Groups, UsedRequest, WhatIf } from "./used-request.ts";

/** The same body sent again: every answer but the first could have been kept. */
export function repeatedBodies(groups: Groups, costOf: WhatIf): Advice[] {
  return groups.flatMap((group): Advice[] => {
    const byBody = new Map<string, UsedRequest[]>();
    for (const request of group) {
      if (request.body === null) continue;
      const same = byBody.get(request.body);
      // Attempts of one request are no repetition.
      if (same === undefined) byBody.set(request.body, [request]);
      else if (same.at(-1)?.requestId !== request.requestId) same.push(request);
    }
    const repeated = [...byBody.values()].filter((same) => same.length > 1);
    const again = repeated.flatMap((same) => same.slice(1));
    const [first] = again;
    if (first === undefined) return [];
    const most = Math.max(...repeated.map((same) => same.length));
    return [
      {
        kind: "repeated_bodies",
        group: first,
        requests: again.length,
        savedNanos: again.reduce((sum, request) => sum + (costOf(request, {}) ?? 0n), 0n),
        found: `${count(again.length)} requests had a body that had been sent before (${count(repeated.length)} different ones, one of them ${count(most)} times)`,
        how: "what every request but the first with the same body cost; whether an answer could have been kept nobody can tell from here",
      },
    ];
  });
}
