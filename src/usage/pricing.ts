import type { Usage } from "../kernel/index.ts";
import type { ProviderId, RouteKind } from "../providers/index.ts";

export interface PricedModel {
  readonly provider: ProviderId;
  /** Preset of an openai-compatible connection (`groq`, …): which price list applies. */
  readonly preset: string | null;
  readonly connectionId: string;
  readonly model: string;
  readonly atMs: number;
}

export interface BoundInput extends PricedModel {
  readonly kind: RouteKind;
  /** Size of the decoded body: no token is shorter than a byte. */
  readonly bodyBytes: number;
  /** The client's own output limit, if the request has one. */
  readonly outputLimit: number | null;
  /** Parallel answers asked for. */
  readonly choices: number;
}

export interface CostInput extends PricedModel {
  readonly usage: Usage;
  readonly serviceTier: string | null;
  readonly geo: string | null;
  readonly batch: boolean;
}

/** Money for requests, in whole nano-dollars. `null` means unpriced and is never taken for 0. */
export interface Pricing {
  /** Names the price data in force, for the ledger: source, snapshot, overrides. */
  readonly version: string;
  /** What the request may cost at the most (estimate for bookkeeping, not yet a proven bound). */
  bound(input: BoundInput): bigint | null;
  cost(input: CostInput): bigint | null;
}
