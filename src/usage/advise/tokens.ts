import type { Usage } from "../../kernel/index.ts";

/** All input, cached or not. */
export function inputOf({ inputUncached, cacheRead, cacheWrite5m, cacheWrite1h }: Usage): number {
  return (inputUncached ?? 0) + (cacheRead ?? 0) + (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
}

export function cachedOf({ cacheRead, cacheWrite5m, cacheWrite1h }: Usage): number {
  return (cacheRead ?? 0) + (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
}

const PARTS = ["cacheRead", "cacheWrite5m", "cacheWrite1h", "inputUncached"] as const;

/** With so many input tokens less, taken from the beginning of the prompt: what is cached of a prompt is its beginning. */
export function withoutBeginning(usage: Usage, tokens: number): Usage {
  return without(usage, tokens, PARTS);
}

/** With so many input tokens less, taken where they cost full price first. */
export function withoutEnd(usage: Usage, tokens: number): Usage {
  return without(usage, tokens, PARTS.toReversed());
}

function without(usage: Usage, tokens: number, order: readonly (typeof PARTS)[number][]): Usage {
  let left = tokens;
  const less: Partial<Record<(typeof PARTS)[number], number>> = {};
  for (const part of order) {
    const has = usage[part] ?? 0;
    const taken = Math.min(has, left);
    left -= taken;
    if (usage[part] !== null) less[part] = has - taken;
  }
  return { ...usage, ...less };
}

/** The middle one; of two in the middle the smaller. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}

/** `12,345` */
export function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}
