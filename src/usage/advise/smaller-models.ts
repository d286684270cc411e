import { retirementOf, smallerModels } from "../../providers/index.ts";
import type { Advice } from "./advice.ts";
import { count, inputOf } from "./tokens.ts";
import type { Groups, WhatIf } from "./used-request.ts";

/** Up to so many tokens a request is short. */
export const SHORT_INPUT = 2000;
export const SHORT_OUTPUT = 300;

/** Short questions with short answers, at a model that has a smaller one in its family. */
export function smallerModelAdvice(groups: Groups, costOf: WhatIf, nowMs: number): Advice[] {
  return groups.flatMap((group): Advice[] => {
    const short = group.filter(
      ({ usage }) => inputOf(usage) <= SHORT_INPUT && usage.output !== null && usage.output <= SHORT_OUTPUT,
    );
    const [first] = short;
    if (first === undefined) return [];
    // One that can be used, and is priced.
    const smaller = smallerModels(first.provider, first.model).find(
      (model) =>
        retirementOf(first.provider, model, nowMs)?.retired !== true && costOf(first, { model }) !== null,
    );
    if (smaller === undefined) return [];
    let paid = 0n;
    let would = 0n;
    for (const request of short) {
      paid += costOf(request, {}) ?? 0n;
      would += costOf(request, { model: smaller }) ?? 0n;
    }
    return [
      {
        kind: "smaller_model",
        group: first,
        requests: short.length,
        savedNanos: paid - would,
        found: `${count(short.length)} of ${count(group.length)} requests were short (at most ${count(SHORT_INPUT)} tokens in, ${count(SHORT_OUTPUT)} out): try ${smaller}`,
        how: `their tokens at the price of ${smaller}; whether it answers as well, and with as many tokens, only trying tells`,
      },
    ];
  });
}
