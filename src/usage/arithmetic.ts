import type { Usage } from "../kernel/index.ts";
import { ONE } from "./factors.ts";
import { largest, type Rates } from "./rates.ts";

/** All input, cached included: what context tiers go by. */
export function totalInput(usage: Usage): number {
  return (
    (usage.inputUncached ?? 0) +
    (usage.cacheRead ?? 0) +
    (usage.cacheWrite5m ?? 0) +
    (usage.cacheWrite1h ?? 0)
  );
}

/**
 * The cost in whole nano-dollars, rounded up once at the end. Audio tokens are a part of the uncached input and of
 * the output; reasoning is a part of the output. `null` when there are tokens of a kind without a price.
 */
export function costOfUsage(usage: Usage, rates: Rates, factor: bigint): bigint | null {
  // Nobody tells which part of the sound was cached: as little as can be, as it is cheaper then.
  const audioIn = Math.min(usage.audioIn ?? 0, usage.inputUncached ?? 0);
  const audioCached = Math.min((usage.audioIn ?? 0) - audioIn, usage.cacheRead ?? 0);
  const audioOut = Math.min(usage.audioOut ?? 0, usage.output ?? 0);
  const textOut = (usage.output ?? 0) - audioOut;
  if (!known(textOut, rates.output) || !known(audioOut, rates.audioOut) || !known(audioIn, rates.audioIn))
    return null;
  let tokens = plus(0n, (usage.inputUncached ?? 0) - audioIn, rates.input);
  tokens = plus(tokens, audioIn, rates.audioIn);
  tokens = plus(tokens, (usage.cacheRead ?? 0) - audioCached, rates.cacheRead);
  tokens = plus(tokens, audioCached, rates.audioCacheRead);
  tokens = plus(tokens, usage.cacheWrite5m, rates.cacheWrite5m);
  tokens = plus(tokens, usage.cacheWrite1h, rates.cacheWrite1h);
  tokens = plus(tokens, textOut, rates.output);
  tokens = plus(tokens, audioOut, rates.audioOut);
  return plus(wholeNanos(tokens * factor), usage.toolCalls, rates.toolCallNanos) + rates.requestNanos;
}

/** Most kinds of tokens are not there, and reckoning with large integers is costly. */
function plus(sum: bigint, amount: number | null, rate: bigint | null): bigint {
  return amount === null || amount === 0 || rate === null ? sum : sum + BigInt(amount) * rate;
}

/** What a request can cost at these rates: every input token at the dearest input rate, every answer at its limit. */
export function boundAt(
  rates: Rates,
  inputTokens: number,
  outputTokens: number,
  factor: bigint,
): bigint | null {
  if (!known(outputTokens, rates.output)) return null;
  const input = largest(
    rates.input,
    rates.audioIn ?? 0n,
    rates.cacheRead,
    rates.cacheWrite5m,
    rates.cacheWrite1h,
  );
  const output = largest(rates.output ?? 0n, rates.audioOut ?? 0n);
  const tokens = BigInt(inputTokens) * input + BigInt(outputTokens) * output;
  return wholeNanos(tokens * factor) + rates.requestNanos;
}

function known(tokens: number, rate: bigint | null): boolean {
  return tokens === 0 || rate !== null;
}

/** Of tokens times rates per million times factors in millionths; a begun nano-dollar is charged. */
export function wholeNanos(scaled: bigint): bigint {
  return (scaled + BEGUN) / DIVISOR;
}

const DIVISOR = 1_000_000n * ONE;
const BEGUN = DIVISOR - 1n;
