import { wholeNanos } from "./arithmetic.ts";
import { ONE } from "./factors.ts";
import { largest, type Rates, type RateTable } from "./rates.ts";

/** What a request can use at the most, beside the output that its limit covers. */
export interface MostUsage {
  /** Input tokens, those of sound among them. */
  readonly inputTokens: number;
  readonly audioInputTokens: number;
  /** The longest cache life that a write can be charged for. */
  readonly cacheWrites: "none" | "5m" | "1h";
  /** Output tokens whatever the limit is. */
  readonly fixedOutputTokens: number;
  /** Tiers and places that the answer may name; none = the standard ones. */
  readonly tiers: readonly string[];
  readonly places: readonly string[];
  /** `null`: there is no other output. */
  readonly output: object | null;
}

/** The dearest that it can come to: `fixedNanos + answers * limit * nanosPerOutputToken`. */
export interface Ceiling {
  readonly fixedNanos: bigint;
  /** Rounded up, for one token. */
  readonly nanosPerOutputToken: bigint;
}

/** Over all prices that the request may meet. `null` when one of them is not known. */
export function ceilingAt(tables: readonly RateTable[], use: MostUsage, factor: bigint): Ceiling | null {
  let dearest: Ceiling | null = null;
  for (const table of tables) {
    for (const { fromInput, rates } of table) {
      if (fromInput > use.inputTokens) continue;
      const ceiling = ceilingOf(rates, use, factor);
      if (ceiling === null) return null;
      dearest = dearest === null ? ceiling : dearestOf(dearest, ceiling);
    }
  }
  return dearest;
}

function dearestOf(one: Ceiling, other: Ceiling): Ceiling {
  return {
    fixedNanos: largest(one.fixedNanos, other.fixedNanos),
    nanosPerOutputToken: largest(one.nanosPerOutputToken, other.nanosPerOutputToken),
  };
}

/**
 * The dearest of the tiers and places, never below the standard one; `undefined` when one has no known price.
 * `factorOf`: of one tier and place.
 */
export function dearestOfTiers(
  factorOf: (tier: string | null, geo: string | null) => bigint | undefined,
  { tiers, places }: MostUsage,
): bigint | undefined {
  let dearest = ONE;
  for (const tier of tiers.length === 0 ? STANDARD : tiers) {
    for (const geo of places.length === 0 ? STANDARD : places) {
      const factor = factorOf(tier, geo);
      if (factor === undefined) return undefined;
      dearest = largest(dearest, factor);
    }
  }
  return dearest;
}

const STANDARD = [null];

function ceilingOf(rates: Rates, use: MostUsage, factor: bigint): Ceiling | null {
  const { inputTokens, audioInputTokens, fixedOutputTokens, cacheWrites } = use;
  if (rates.output === null && (use.output !== null || fixedOutputTokens > 0)) return null;
  if (rates.audioIn === null && audioInputTokens > 0) return null;
  const output = rates.output ?? 0n;
  const input = largest(rates.input, rates.cacheRead, ...cacheRates(rates, cacheWrites));
  const perMillion =
    BigInt(inputTokens - audioInputTokens) * input +
    (audioInputTokens === 0 ? 0n : BigInt(audioInputTokens) * largest(input, rates.audioIn ?? 0n)) +
    (fixedOutputTokens === 0 ? 0n : BigInt(fixedOutputTokens) * output);
  return {
    fixedNanos: wholeNanos(perMillion * factor) + rates.requestNanos,
    nanosPerOutputToken: wholeNanos(output * factor),
  };
}

function cacheRates({ cacheWrite5m, cacheWrite1h }: Rates, life: MostUsage["cacheWrites"]): bigint[] {
  if (life === "none") return [];
  return life === "5m" ? [cacheWrite5m] : [cacheWrite5m, cacheWrite1h];
}
