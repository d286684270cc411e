import type {
  Bounded,
  BoundPrices,
  BoundRequest,
  BoundResult,
  Budget,
  Overrun,
  Reservation,
  Spender,
  Wanted,
} from "../budgets/index.ts";
import type { PricedModel } from "../usage/index.ts";

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
  /** Fewer input tokens than that, if a closer look tells so in time. */
  tightened(request: BoundRequest, bounded: Bounded): Promise<number | undefined>;
  /** What that costs; `null` = the model has no price. */
  prices(bounded: Bounded, model: PricedModel): BoundPrices | null;
  /** Output tokens that a request under a hard budget gets when it sets no limit itself. */
  readonly outputLimit: number;
}
