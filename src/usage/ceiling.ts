import { factorOf, ONE } from "./factors.ts";
import type { Multiplier } from "./multipliers.ts";
import type { PricedModel } from "./pricing.ts";
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
  const reachable = tables.flatMap((table) =>
    table.filter(({ fromInput }) => fromInput <= use.inputTokens).map(({ rates }) => rates),
  );
  const ceilings = reachable.map((rates) => ceilingOf(rates, use, factor));
  const known = ceilings.filter((ceiling) => ceiling !== null);
  if (known.length === 0 || known.length < ceilings.length) return null;
  return {
    fixedNanos: largest(0n, ...known.map(({ fixedNanos }) => fixedNanos)),
    nanosPerOutputToken: largest(0n, ...known.map(({ nanosPerOutputToken }) => nanosPerOutputToken)),
  };
}

/** The dearest of the tiers and places, never below the standard one; `undefined` when one has no known price. */
export function dearestOfTiers(
  multipliers: readonly Multiplier[],
  model: PricedModel,
  { tiers, places }: MostUsage,
): bigint | undefined {
  let dearest = ONE;
  for (const tier of tiers.length === 0 ? [null] : tiers) {
    for (const geo of places.length === 0 ? [null] : places) {
      const factor = factorOf(multipliers, { ...model, tier, geo });
      if (factor === undefined) return undefined;
      dearest = largest(dearest, factor);
    }
  }
  return dearest;
}

function ceilingOf(rates: Rates, use: MostUsage, factor: bigint): Ceiling | null {
  const { inputTokens, audioInputTokens, fixedOutputTokens, cacheWrites } = use;
  if (rates.output === null && (use.output !== null || fixedOutputTokens > 0)) return null;
  if (rates.audioIn === null && audioInputTokens > 0) return null;
  const output = rates.output ?? 0n;
  const input = largest(rates.input, rates.cacheRead, ...cacheRates(rates, cacheWrites));
  const perMillion =
    BigInt(inputTokens - audioInputTokens) * input +
    BigInt(audioInputTokens) * largest(input, rates.audioIn ?? 0n) +
    BigInt(fixedOutputTokens) * output;
  return {
    fixedNanos: wholeNanos(perMillion * factor) + rates.requestNanos,
    nanosPerOutputToken: wholeNanos(output * factor),
  };
}

function cacheRates({ cacheWrite5m, cacheWrite1h }: Rates, life: MostUsage["cacheWrites"]): bigint[] {
  if (life === "none") return [];
  return life === "5m" ? [cacheWrite5m] : [cacheWrite5m, cacheWrite1h];
}

/** From rates per million times factors in millionths; a begun nano-dollar counts. */
function wholeNanos(scaled: bigint): bigint {
  const divisor = 1_000_000n * ONE;
  return (scaled + divisor - 1n) / divisor;
}
