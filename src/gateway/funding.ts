import type { Budget, Reservation, Spender } from "../budgets/index.ts";
import { AppError, UNKNOWN_USAGE } from "../kernel/index.ts";
import type { Pricing } from "../usage/index.ts";
import { bookedBound } from "./booked-bound.ts";
import type { Budgeting } from "./budgeting.ts";
import { HardLimit, type HardNeeds } from "./hard-limit.ts";
import type { Plan } from "./plan.ts";
import { pricedModel } from "./priced-model.ts";

/** An attempt that is paid for. */
export interface Funded {
  readonly funds: Funds;
  /** What it goes with. */
  readonly body: Plan["body"];
}

/** What an attempt holds until it is settled. */
export interface Funds {
  /** For the ledger; `null` = unpriced. */
  readonly reservedNanos: bigint | null;
  /** `undefined` where no budget covers it. */
  readonly reservation: Reservation | undefined;
  /** The reservation of hard budgets is proven: a cost beyond it is an alarm. */
  readonly proven: boolean;
  /** More input tokens than that were proven impossible. */
  readonly mostInputTokens: number;
}

export interface FundingParts {
  readonly pricing: Pricing;
  readonly budgets?: Budgeting | undefined;
}

/**
 * Has every budget that covers the attempt hold its part. Under a hard budget the body gets an output limit that the
 * provider enforces, and what cannot be bounded is refused.
 * @throws AppError `not_boundable`, `budget_exceeded`, `budget_unavailable`.
 */
export function fund(
  { pricing, budgets }: FundingParts,
  plan: Plan,
  nowMs: number,
): Funded | Promise<Funded> {
  const covering = plan.rule.free === true ? undefined : budgets?.covering(spenderOf(plan));
  if (budgets === undefined || covering === undefined || covering.length === 0) {
    return { funds: unproven(bookedBound(pricing, plan, nowMs), undefined), body: plan.body };
  }
  return new Funding({ pricing, budgets, plan, covering, nowMs }).fund();
}

interface FundingOptions {
  readonly pricing: Pricing;
  readonly budgets: Budgeting;
  readonly plan: Plan;
  readonly covering: readonly Budget[];
  readonly nowMs: number;
}

/** One attempt's way to what it has to hold. */
class Funding {
  readonly #options: FundingOptions;
  readonly #hard: HardLimit | undefined;
  readonly #hasSoft: boolean;

  constructor(options: FundingOptions) {
    const { budgets, plan, covering, nowMs } = options;
    this.#options = options;
    const hard = covering.filter((budget) => budget.hard);
    this.#hasSoft = hard.length < covering.length;
    this.#hard = hard.length === 0 ? undefined : new HardLimit(budgets, { plan, hard, nowMs });
  }

  fund(): Funded | Promise<Funded> {
    const needs = this.#hard?.needs;
    const reserving = this.#reserve(needs);
    return reserving instanceof Promise
      ? reserving.then(
          (reservation) => this.#funded(reservation, needs),
          (error: unknown) => this.#fundTighter(error),
        )
      : this.#funded(reserving, needs);
  }

  /** Where the bytes do not fit, a tighter bound of the input may. */
  async #fundTighter(refusal: unknown): Promise<Funded> {
    const isTooDear = refusal instanceof AppError && refusal.code === "budget_exceeded";
    const needs = isTooDear ? await this.#hard?.tightened() : undefined;
    if (needs === undefined) throw refusal;
    return this.#funded(await this.#reserve(needs), needs);
  }

  #reserve(needs: HardNeeds | undefined): Reservation | Promise<Reservation> {
    const { budgets, covering, pricing, plan, nowMs } = this.#options;
    return budgets.reserve({
      budgets: covering,
      mostNanos: needs?.mostNanos ?? 0n,
      leastNanos: needs?.leastNanos ?? 0n,
      costsLater: needs?.proven === false,
      guessNanos: this.#hasSoft ? (costSoFar(pricing, plan, { atMs: nowMs, outputTokens: 0 }) ?? 0n) : 0n,
    });
  }

  /** What cannot go on holds nothing. */
  #funded(reservation: Reservation, needs: HardNeeds | undefined): Funded {
    try {
      return this.#paidFor(reservation, needs);
    } catch (error) {
      reservation.settle(0n);
      throw error;
    }
  }

  #paidFor(reservation: Reservation, needs: HardNeeds | undefined): Funded {
    const { pricing, plan, nowMs } = this.#options;
    if (needs === undefined) {
      return { funds: unproven(bookedBound(pricing, plan, nowMs), reservation), body: plan.body };
    }
    const { hardNanos } = reservation;
    const { isPriced, proven, inputTokens } = needs;
    const reservedNanos = isPriced ? hardNanos : null;
    const funds = proven
      ? { reservedNanos, reservation, proven, mostInputTokens: inputTokens }
      : unproven(reservedNanos, reservation);
    return { funds, body: needs.body(hardNanos) };
  }
}

function unproven(reservedNanos: bigint | null, reservation: Reservation | undefined): Funds {
  return { reservedNanos, reservation, proven: false, mostInputTokens: Number.POSITIVE_INFINITY };
}

function spenderOf({ caller, tool, connection, modelCounted }: Plan): Spender {
  const { id, policy } = caller.virtualKey;
  const { user, team, project } = policy;
  return { virtualKeyId: id, user, team, project, tool, connectionId: connection.id, model: modelCounted };
}

/** Bytes of text to a token, as is usual: for guesses only. */
const BYTES_PER_TOKEN = 4;

/** What an answer has cost that far, as well as can be guessed; `null` = no price. */
export function costSoFar(
  pricing: Pricing,
  plan: Plan,
  { atMs, outputTokens }: { atMs: number; outputTokens: number },
): bigint | null {
  const model = pricedModel(plan, atMs);
  if (model === undefined) return null;
  const usage = {
    ...UNKNOWN_USAGE,
    inputUncached: Math.ceil(plan.bytesIn / BYTES_PER_TOKEN),
    output: outputTokens,
  };
  return pricing.cost({ ...model, usage, serviceTier: null, geo: null, batch: false });
}
