import {
  type Bounded,
  type BoundPrices,
  type BoundRequest,
  type BoundResult,
  type Budget,
  modelSuspended,
  notBoundable,
  type Overrun,
  type Reservation,
  type Spender,
  unpriced,
  type Wanted,
} from "../budgets/index.ts";
import { splice, UNKNOWN_USAGE } from "../kernel/index.ts";
import type { PricedModel, Pricing } from "../usage/index.ts";
import { bookedBound } from "./booked-bound.ts";
import type { Plan } from "./plan.ts";

/** The budgets room, as the data plane asks it. */
export interface Budgeting {
  /** Ordered by id; empty when none covers it. @throws AppError `budget_unavailable`. */
  covering(spender: Spender): readonly Budget[];
  isSuspended(connectionId: string, model: string): boolean;
  /** @throws AppError `budget_exceeded`, `budget_unavailable`, `vault_locked`. */
  reserve(wanted: Wanted): Reservation | Promise<Reservation>;
  overrun(overrun: Overrun): void;
  /** What the request can use at the most. */
  bound(request: BoundRequest): BoundResult;
  /** What that costs; `null` = the model has no price. */
  prices(bounded: Bounded, model: PricedModel): BoundPrices | null;
  /** Output tokens that a request under a hard budget gets when it sets no limit itself. */
  readonly outputLimit: number;
}

/** An attempt that is paid for: what it holds, and the body that it goes with. */
export interface Funded {
  /** For the ledger; `null` = unpriced. */
  readonly reservedNanos: bigint | null;
  readonly body: Plan["body"];
  /** `undefined` where no budget covers it. */
  readonly reservation: Reservation | undefined;
  /** The reservation of hard budgets is proven: a cost beyond it is an alarm. */
  readonly proven: boolean;
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
    return {
      reservedNanos: bookedBound(pricing, plan, nowMs),
      body: plan.body,
      reservation: undefined,
      proven: false,
    };
  }
  const hard = covering.filter((budget) => budget.hard);
  const limited =
    hard.length === 0 ? NOT_LIMITED : limit(budgets, plan, { pricing: pricedModel(plan, nowMs), hard });
  const reserving = budgets.reserve({
    budgets: covering,
    mostNanos: limited.mostNanos,
    leastNanos: limited.leastNanos,
    guessNanos: guess(pricing, plan, nowMs),
  });
  const funded = (reservation: Reservation): Funded => ({
    reservedNanos:
      hard.length === 0 ? bookedBound(pricing, plan, nowMs) : limited.isPriced ? reservation.hardNanos : null,
    body: limited.body === undefined ? plan.body : limited.body(reservation.hardNanos),
    reservation,
    proven: limited.proven,
  });
  return reserving instanceof Promise ? reserving.then(funded) : funded(reserving);
}

interface LimitedRequest {
  readonly mostNanos: bigint;
  readonly leastNanos: bigint;
  readonly proven: boolean;
  readonly isPriced: boolean;
  /** The body with the output limit that the reservation pays for; absent = as it is. */
  readonly body?: (hardNanos: bigint) => Plan["body"];
}

const NOT_LIMITED: LimitedRequest = { mostNanos: 0n, leastNanos: 0n, proven: false, isPriced: true };

/** What hard budgets have to hold, by what the request can cost at the most. */
function limit(
  budgets: Budgeting,
  plan: Plan,
  { pricing, hard }: { pricing: PricedModel | undefined; hard: readonly Budget[] },
): LimitedRequest {
  const model = plan.modelPriced;
  if (model !== null && budgets.isSuspended(plan.connection.id, model)) throw modelSuspended(model);
  const allow = allowedByAll(hard);
  const bytes = plan.body instanceof Uint8Array ? plan.body : null;
  const bounded = budgets.bound({
    kind: plan.rule.kind,
    provider: plan.provider.id,
    preset: plan.connection.preset,
    path: plan.call.path,
    body: bytes,
    model,
    allow,
  });
  if (bounded.kind === "unbounded") throw notBoundable(bounded);
  const prices = pricing === undefined ? null : budgets.prices(bounded, pricing);
  const proven = bounded.allowed.length === 0;
  if (prices === null) {
    if (!allow.has("unpriced")) throw unpriced(model);
    return { mostNanos: 0n, leastNanos: 0n, proven: false, isPriced: false };
  }
  const { fixedNanos, nanosPerOutputToken } = prices;
  const { output } = bounded;
  if (output === null) return { mostNanos: fixedNanos, leastNanos: fixedNanos, proven, isPriced: true };
  const most =
    output.clientLimit ?? Math.min(output.modelMaximum, Math.max(budgets.outputLimit, output.minimum));
  const least = output.clientLimit ?? Math.min(most, output.minimum);
  const costOf = (tokens: number) => fixedNanos + BigInt(tokens) * nanosPerOutputToken;
  return {
    mostNanos: costOf(most),
    leastNanos: costOf(least),
    proven,
    isPriced: true,
    body(hardNanos) {
      const affordable =
        nanosPerOutputToken === 0n ? most : Number((hardNanos - fixedNanos) / nanosPerOutputToken);
      const edit = output.edit(Math.min(most, affordable));
      return edit === null || bytes === null ? plan.body : splice(bytes, [edit]);
    },
  };
}

/** What every one of them lets through by name. */
function allowedByAll([first, ...rest]: readonly Budget[]): ReadonlySet<string> {
  return new Set(first?.allow.filter((name) => rest.every(({ allow }) => allow.includes(name))));
}

function spenderOf({ caller, tool, connection, modelPriced }: Plan): Spender {
  const { id, policy } = caller.virtualKey;
  const { user, team, project } = policy;
  return { virtualKeyId: id, user, team, project, tool, connectionId: connection.id, model: modelPriced };
}

function pricedModel({ provider, connection, modelPriced }: Plan, atMs: number): PricedModel | undefined {
  if (modelPriced === null) return undefined;
  return {
    provider: provider.id,
    preset: connection.preset,
    connectionId: connection.id,
    model: modelPriced,
    atMs,
  };
}

/** Bytes of text to a token, as is usual: for guesses only. */
const BYTES_PER_TOKEN = 4;

/** What the input will cost, for soft budgets; 0 where there is no price. */
function guess(pricing: Pricing, plan: Plan, nowMs: number): bigint {
  return costSoFar(pricing, plan, { atMs: nowMs, outputTokens: 0 }) ?? 0n;
}

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
