/** Money is counted in nano-dollars (1 USD = 10⁹), as bigint. Floats never enter. */
export const NANOS_PER_USD = 1_000_000_000n;

/** A price: nano-dollars per million units (tokens, mostly). */
export type NanosPerMillion = bigint;

/** Reads `12`, `0.5` or `.000000001`; more than nine places or anything else gives `undefined`. */
export function parseUsd(text: string): bigint | undefined {
  const match = /^(\d{0,12})(?:\.(\d{0,9}))?$/.exec(text);
  if (!match || (match[1] ?? "") + (match[2] ?? "") === "") return undefined;
  return BigInt(match[1] || "0") * NANOS_PER_USD + BigInt((match[2] ?? "").padEnd(9, "0"));
}

/** A decimal string of at most nine places, no exponent, no trailing zeros: `0.0000025`. */
export function formatUsd(nanos: bigint): string {
  const sign = nanos < 0n ? "-" : "";
  const absolute = nanos < 0n ? -nanos : nanos;
  const fraction = (absolute % NANOS_PER_USD).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${absolute / NANOS_PER_USD}${fraction === "" ? "" : `.${fraction}`}`;
}

/**
 * A decimal number as some price source writes it (`2.5`, `1e-7`), scaled by 10^places, exactly; `undefined` when
 * it is negative, not finite or needs more places than that.
 */
export function scaledDecimal(value: number | string, places: number): bigint | undefined {
  const match = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(String(value));
  if (!match) return undefined;
  const fraction = match[2] ?? "";
  const shift = places + Number(match[3] ?? "0") - fraction.length;
  const digits = BigInt((match[1] ?? "") + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? digits / divisor : undefined;
}

/**
 * `units` (none below zero) at a price per million, rounded up: a fraction of a nano-dollar is charged, never lost.
 * @throws RangeError for a number that is not whole.
 */
export function costOf(units: number | bigint, price: NanosPerMillion): bigint {
  return (BigInt(units) * price + 999_999n) / 1_000_000n;
}
