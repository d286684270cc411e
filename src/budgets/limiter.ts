import type { Clock } from "../kernel/index.ts";
import type { Budget } from "./budget.ts";
import { budgetExceeded, isMoreThanWhole, type Shortage, wouldFitAfterThose } from "./refusals.ts";
import { type Hold, Reservation, type ReservationEvents } from "./reservation.ts";
import type { SliceDesk } from "./slices/desk.ts";
import type { Slice } from "./slices/slice.ts";

export interface LimiterOptions {
  readonly desk: Pick<
    SliceDesk,
    "slice" | "standing" | "underWayNanos" | "need" | "wish" | "settled" | "nowMs"
  >;
  readonly clock: Clock;
  /** Waits; tests need not. */
  readonly pause?: (timeMs: number) => Promise<void>;
}

/** What a request asks of the budgets that cover it. */
export interface Wanted {
  /** Ordered by id. */
  readonly budgets: readonly Budget[];
  /** What hard budgets are to hold: as much as it can cost, with the output limit that it is to have. */
  readonly mostNanos: bigint;
  /** What they have to hold at the least: with the smallest output limit that makes sense. */
  readonly leastNanos: bigint;
  /** What soft budgets hold at first: a guess. */
  readonly guessNanos: bigint;
  /** Nobody knows before what it costs: hard budgets need not hold anything, but something has to be left. */
  readonly costsLater?: boolean;
}

/** How long a request waits for what other gateways, and requests under way, hold. */
const WAIT_FOR_GRANT_MS = 250;
const ASK_AGAIN_MS = 10;
/** Of a slice less than this part is left: more is asked for ahead of need. */
const LOW_PART = 4n;

/**
 * Decides whether a request may spend: it has to fit into every budget that covers it, and holds its part of each or of
 * none. From slices at hand without waiting; else the store is asked, and what others hold, or requests under way here
 * may give back, is waited for.
 */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #events: ReservationEvents;
  /** Attempts that have ended and are not settled yet: what they held is about to be free. */
  #ending = 0;
  /** Attempts settled so far. */
  #settlements = 0;
  /** Resolved by the next one of those that are ending; there while somebody waits for it. */
  #nextSettled: PromiseWithResolvers<void> | undefined;

  constructor(options: LimiterOptions) {
    this.#options = options;
    const { desk } = options;
    this.#events = {
      settled: (slice) => {
        this.#settlements += 1;
        desk.settled(slice);
      },
      ending: (by) => {
        this.#ending += by;
        if (by > 0) return;
        this.#nextSettled?.resolve();
        this.#nextSettled = undefined;
      },
      wish: (budget, nanos) => desk.wish(budget, nanos),
      nowMs: () => desk.nowMs(),
    };
  }

  /** @throws AppError `budget_exceeded`, `budget_unavailable`, `vault_locked`. */
  reserve(wanted: Wanted): Reservation | Promise<Reservation> {
    // What costs nothing, as far as anybody knows, asks nothing of them.
    const isCounted = wanted.mostNanos > 0n || wanted.costsLater === true;
    const asked = isCounted ? wanted : { ...wanted, budgets: wanted.budgets.filter(isSoft) };
    const enough = this.#take(asked, true);
    return enough ?? this.#ask(asked);
  }

  async #ask(wanted: Wanted): Promise<Reservation> {
    const { desk, clock } = this.#options;
    const untilMs = clock.monotonicMs() + WAIT_FOR_GRANT_MS;
    for (;;) {
      await desk.need(wanted.budgets.map((budget) => ({ budget, nanos: mostOf(budget, wanted) })));
      const taken = await this.#takeBehindEnded(wanted);
      if (taken !== undefined) return taken;
      const short = this.#shortest(wanted);
      const where = isMoreThanWhole(short) ? "nowhere" : this.#mayComeFrom(short);
      if (where === "nowhere" || clock.monotonicMs() >= untilMs) throw budgetExceeded(short);
      await this.#waitFor(where, untilMs);
    }
  }

  /**
   * Less than is wanted only when no attempt that has ended is about to be settled: else whoever asks right behind an answer
   * would get less, and a smaller output limit, than whoever asks a moment later.
   */
  async #takeBehindEnded(wanted: Wanted): Promise<Reservation | undefined> {
    const { clock, pause = sleep } = this.#options;
    const untilMs = clock.monotonicMs() + ASK_AGAIN_MS;
    for (;;) {
      const mayWait = this.#ending > 0 && clock.monotonicMs() < untilMs;
      const taken = this.#take(wanted, mayWait);
      if (taken !== undefined || !mayWait) return taken;
      this.#nextSettled ??= Promise.withResolvers();
      await Promise.race([this.#nextSettled.promise, pause(ASK_AGAIN_MS)]);
    }
  }

  /** Where more may come from in a moment. */
  #mayComeFrom(short: Shortage): "nowhere" | "store" | "requests" {
    const { standing } = short;
    if (standing === undefined || standing.unknown) return "nowhere";
    if (this.#ending > 0 || standing.othersNanos > 0n || standing.leftNanos > 0n) return "store";
    return wouldFitAfterThose(short) ? "requests" : "nowhere";
  }

  /** Until it is worth asking the store again: not before a request has ended, if only those can give anything back. */
  async #waitFor(where: "store" | "requests", untilMs: number): Promise<void> {
    const { clock, pause = sleep } = this.#options;
    const before = this.#settlements;
    for (;;) {
      await pause(ASK_AGAIN_MS);
      const hasNews = where === "store" || this.#settlements !== before;
      if (hasNews || clock.monotonicMs() >= untilMs) return;
    }
  }

  /** In one step over all budgets. With `whole`, only if as much is there as is wanted. */
  #take(wanted: Wanted, whole: boolean): Reservation | undefined {
    const { desk } = this.#options;
    let hardNanos = wanted.mostNanos;
    const slices: Slice[] = [];
    for (const budget of wanted.budgets) {
      const slice = desk.slice(budget.id);
      if (slice === undefined) return undefined;
      const { availableNanos } = slice;
      if (budget.hard) {
        if (availableNanos < (whole ? mostOf(budget, wanted) : leastOf(budget, wanted))) return undefined;
        if (availableNanos < hardNanos) hardNanos = availableNanos;
      } else if (availableNanos <= 0n) return undefined;
      slices.push(slice);
    }
    return this.#hold(wanted, slices, hardNanos);
  }

  #hold({ budgets, guessNanos }: Wanted, slices: readonly Slice[], hardNanos: bigint): Reservation {
    const atMs = this.#options.desk.nowMs();
    const holds = budgets.flatMap((budget, at): Hold[] => {
      const slice = slices[at];
      if (slice === undefined) return [];
      const nanos = budget.hard ? hardNanos : smaller(guessNanos, slice.availableNanos);
      slice.reserve(nanos, atMs);
      return [{ budget, slice, nanos }];
    });
    this.#refill(budgets, slices, hardNanos);
    return new Reservation(holds, this.#events);
  }

  /** Asks for more before the next one has to wait for it. */
  #refill(budgets: readonly Budget[], slices: readonly Slice[], nanos: bigint): void {
    for (const [at, slice] of slices.entries()) {
      const budget = budgets[at];
      const low = slice.amountNanos / LOW_PART;
      if (budget === undefined || slice.availableNanos > (low < nanos ? nanos : low)) continue;
      const standing = this.#options.desk.standing(budget.id);
      if (standing !== undefined && standing.leftNanos > 0n) this.#options.desk.wish(budget, nanos);
    }
  }

  /** The budget that has the least. */
  #shortest(wanted: Wanted): Shortage {
    const { desk } = this.#options;
    const all = wanted.budgets.map((budget) => {
      const standing = desk.standing(budget.id);
      const held = desk.slice(budget.id)?.availableNanos ?? 0n;
      const free = standing === undefined || standing.leftNanos < 0n ? 0n : standing.leftNanos;
      const underWayNanos = desk.underWayNanos(budget.id);
      return {
        budget,
        neededNanos: leastOf(budget, wanted),
        leftNanos: held + free,
        underWayNanos,
        standing,
      };
    });
    const [first, ...rest] = all;
    if (first === undefined) throw new RangeError("no budget to be short of");
    return rest.reduce((least, one) => (gap(one) > gap(least) ? one : least), first);
  }
}

function isSoft({ hard }: Budget): boolean {
  return !hard;
}

function mostOf({ hard }: Budget, { mostNanos, guessNanos, costsLater }: Wanted): bigint {
  if (!hard) return larger(guessNanos, 1n);
  return costsLater === true ? larger(mostNanos, 1n) : mostNanos;
}

function leastOf({ hard }: Budget, { leastNanos, costsLater }: Wanted): bigint {
  if (!hard) return 1n;
  return costsLater === true ? larger(leastNanos, 1n) : leastNanos;
}

/** Unknown is the widest gap of all; then comes what no period will have room for. */
function gap(shortage: Shortage): bigint {
  const { budget, neededNanos, leftNanos, standing } = shortage;
  if (standing?.unknown === true) return 2n * LARGEST;
  return isMoreThanWhole(shortage) ? LARGEST + neededNanos - budget.limitNanos : neededNanos - leftNanos;
}

/** More than any amount. */
const LARGEST = 2n ** 63n;

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function sleep(timeMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, timeMs);
  });
}
