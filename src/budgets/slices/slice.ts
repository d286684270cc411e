/**
 * What this process may spend of one budget in one period without asking: granted by the store, which counts all of
 * it as gone until it is accounted for. `settled + reserved <= amount`, but for what cost more than was reserved.
 */
export class Slice {
  /** The grant's number, as ledger rows name it. */
  readonly id: number;
  readonly budgetId: string;
  readonly period: string;
  /** After this no reservation is made from it: the period ends, or it has been in use for long. */
  readonly notAfterMs: number;
  /** As the store knows it, or less: it is lowered here before the store is told. */
  amountNanos: bigint;
  settledNanos = 0n;
  reservedNanos = 0n;
  /** Requests that hold a part of it. */
  holders = 0;
  usedAtMs: number;
  /** Nothing is reserved from it any more; it goes back when the last holder has settled. */
  retired = false;
  /** Spent as last told to the store. */
  reportedNanos = 0n;

  constructor(made: {
    id: number;
    budgetId: string;
    period: string;
    notAfterMs: number;
    amountNanos: bigint;
    usedAtMs: number;
  }) {
    this.id = made.id;
    this.budgetId = made.budgetId;
    this.period = made.period;
    this.notAfterMs = made.notAfterMs;
    this.amountNanos = made.amountNanos;
    this.usedAtMs = made.usedAtMs;
  }

  get usedNanos(): bigint {
    return this.settledNanos + this.reservedNanos;
  }

  /** Below zero after an overrun. */
  get availableNanos(): bigint {
    return this.amountNanos - this.settledNanos - this.reservedNanos;
  }

  reserve(nanos: bigint, atMs: number): void {
    this.reservedNanos += nanos;
    this.holders += 1;
    this.usedAtMs = atMs;
  }

  /** More or less for a request that holds a part already. */
  adjust(byNanos: bigint): void {
    this.reservedNanos += byNanos;
  }

  settle(reservedNanos: bigint, costNanos: bigint, atMs: number): void {
    this.reservedNanos -= reservedNanos;
    this.settledNanos += costNanos;
    this.holders -= 1;
    this.usedAtMs = atMs;
  }
}
