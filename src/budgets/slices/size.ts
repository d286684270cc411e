/** What decides how much a gateway gets of a budget, in nano-dollars. */
export interface Standing {
  readonly limitNanos: bigint;
  /** Settled in this period. */
  readonly settledNanos: bigint;
  /** In the hands of gateways, the asking one included. */
  readonly grantedNanos: bigint;
  /** How many other gateways hold a slice. */
  readonly otherHolders: number;
  /** Somebody was short of it a moment ago: nobody gets more than is needed now. */
  readonly contested: boolean;
}

/** A slice beyond what is needed now is this part of the limit: a power loss counts it as spent. */
const SLICES_PER_LIMIT = 20n;
/** A slice holds this many requests like the one that needs it, where the budget is large enough. */
const REQUESTS_PER_SLICE = 8n;

/** What is left to be granted; below zero after an overrun or when the limit was lowered. */
export function remaining({ limitNanos, settledNanos, grantedNanos }: Standing): bigint {
  return limitNanos - settledNanos - grantedNanos;
}

/**
 * How much more to grant to one that lacks `needNanos`: that, and some to go on with. Less than is needed when there
 * is not more left, and never a nano-dollar that is not there.
 */
export function grantSize(standing: Standing, needNanos: bigint): bigint {
  const left = remaining(standing);
  if (left <= 0n) return 0n;
  if (left <= needNanos) return left;
  if (standing.contested) return needNanos;
  const reserve = larger(standing.limitNanos / SLICES_PER_LIMIT, needNanos * REQUESTS_PER_SLICE);
  const share = (left - needNanos) / BigInt(standing.otherHolders + 1);
  return needNanos + (reserve < share ? reserve : share);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
