import type { Budget } from "./budget.ts";
import type { Slice } from "./slices/slice.ts";

/** A part of one slice that a request holds. */
export interface Hold {
  readonly budget: Budget;
  readonly slice: Slice;
  nanos: bigint;
  /** Since when the slice of a soft budget has been used up. */
  exhaustedAtMs?: number | undefined;
}

export interface ReservationEvents {
  /** A slice may have become free to go back. */
  settled(slice: Slice): void;
  /** An attempt has ended and will be settled in a moment: `1`; it was: `-1`. */
  ending(by: 1 | -1): void;
  /** Asks for more of a budget; nobody waits for it. */
  wish(budget: Budget, nanos: bigint): void;
  nowMs(): number;
}

/** How long a stream goes on after its soft budget has ended here, while the store is asked for more. */
const GRACE_MS = 250;

/** What one attempt holds of every budget that covers it, until it is settled. */
export class Reservation {
  /** Of each hard budget; 0 where there is none. */
  readonly hardNanos: bigint;
  readonly #holds: readonly Hold[];
  readonly #events: ReservationEvents;
  #isEnding = false;
  #isOver = false;

  constructor(holds: readonly Hold[], events: ReservationEvents) {
    this.#holds = holds;
    this.#events = events;
    this.hardNanos = holds.find(({ budget }) => budget.hard)?.nanos ?? 0n;
  }

  /** For the ledger: what pays, so that a crash can be accounted for. */
  get grants(): readonly number[] {
    return this.#holds.map(({ slice }) => slice.id);
  }

  get hasSoft(): boolean {
    return this.#holds.some(({ budget }) => !budget.hard);
  }

  /**
   * What the attempt has cost so far, for soft budgets: they are followed. Gives false when one of them has ended, and
   * the answer is to be cut.
   */
  follow(costNanos: bigint): boolean {
    if (this.#isOver) return true;
    let goesOn = true;
    for (const hold of this.#holds) {
      if (hold.budget.hard || costNanos <= hold.nanos) continue;
      hold.slice.adjust(costNanos - hold.nanos);
      hold.nanos = costNanos;
      goesOn &&= this.#mayGoOn(hold);
    }
    return goesOn;
  }

  #mayGoOn(hold: Hold): boolean {
    const { budget, slice } = hold;
    const missing = -slice.availableNanos;
    if (missing <= 0n) {
      hold.exhaustedAtMs = undefined;
      return true;
    }
    const nowMs = this.#events.nowMs();
    hold.exhaustedAtMs ??= nowMs;
    this.#events.wish(budget, missing);
    return nowMs - hold.exhaustedAtMs < GRACE_MS;
  }

  /** The attempt has ended; what it cost is being recorded. Whoever is short now waits for that. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#events.ending(1);
  }

  /** Ends it; once only, later calls change nothing. The cost is booked in full, also where it is more than was held. */
  settle(costNanos: bigint): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const atMs = this.#events.nowMs();
    for (const { slice, nanos } of this.#holds) {
      slice.settle(nanos, costNanos, atMs);
      this.#events.settled(slice);
    }
    if (this.#isEnding) this.#events.ending(-1);
  }
}
