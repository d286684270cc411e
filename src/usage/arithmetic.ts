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
  const audioIn = Math.min(usage.audioIn ?? 0, usage.inputUncached ?? 0);
  const audioOut = Math.min(usage.audioOut ?? 0, usage.output ?? 0);
  const textOut = (usage.output ?? 0) - audioOut;
  if (!known(textOut, rates.output) || !known(audioOut, rates.audioOut) || !known(audioIn, rates.audioIn))
    return null;
  const tokens =
    BigInt((usage.inputUncached ?? 0) - audioIn) * rates.input +
    BigInt(audioIn) * (rates.audioIn ?? 0n) +
    BigInt(usage.cacheRead ?? 0) * rates.cacheRead +
    BigInt(usage.cacheWrite5m ?? 0) * rates.cacheWrite5m +
    BigInt(usage.cacheWrite1h ?? 0) * rates.cacheWrite1h +
    BigInt(textOut) * (rates.output ?? 0n) +
    BigInt(audioOut) * (rates.audioOut ?? 0n);
  return scaled(tokens, factor) + BigInt(usage.toolCalls ?? 0) * rates.toolCallNanos + rates.requestNanos;
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
  return scaled(BigInt(inputTokens) * input + BigInt(outputTokens) * output, factor) + rates.requestNanos;
}

function known(tokens: number, rate: bigint | null): boolean {
  return tokens === 0 || rate !== null;
}

/** Rates are per million tokens, factors in millionths; a begun nano-dollar is charged. */
function scaled(tokens: bigint, factor: bigint): bigint {
  const divisor = 1_000_000n * ONE;
  return (tokens * factor + divisor - 1n) / divisor;
}
