import type { LedgerReader } from "../../ledger/index.ts";
import type { Pricing } from "../pricing.ts";
import type { Advice } from "./advice.ts";
import { cacheMisses } from "./cache-misses.ts";
import { fixedPrefix } from "./fixed-prefix.ts";
import { oversizedContext } from "./oversized-context.ts";
import { repeatedBodies } from "./repeated-bodies.ts";
import { smallerModelAdvice } from "./smaller-models.ts";
import { usedRequests, whatIf } from "./used-request.ts";

export interface AdviseOptions {
  readonly ledgers: Pick<LedgerReader, "list">;
  readonly pricing: Pick<Pricing, "cost">;
  /** Of an openai-compatible connection: which price list applies. */
  readonly presetOf: (connectionId: string) => string | null;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly nowMs: number;
}

export interface UsageAdvice {
  /** What would have saved most first. */
  readonly advice: readonly Advice[];
  /** Requests that were looked at: answered, with usage and model. */
  readonly requests: number;
  /** False: there were more than are looked at, and these are the newest. */
  readonly isWhole: boolean;
}

/** What this home's ledger shows of money that perhaps need not be spent, priced by today's rules at each request's time. */
export async function usageAdvice(options: AdviseOptions): Promise<UsageAdvice> {
  const { ledgers, pricing, presetOf, sinceMs, untilMs, nowMs } = options;
  const { groups, requests, isWhole } = await usedRequests(ledgers, { sinceMs, untilMs });
  const costOf = whatIf(pricing, presetOf);
  const advice = [
    ...smallerModelAdvice(groups, costOf, nowMs),
    ...oversizedContext(groups, costOf),
    ...cacheMisses(groups, costOf),
    ...repeatedBodies(groups, costOf),
    ...fixedPrefix(groups, costOf),
  ].filter(({ savedNanos }) => savedNanos > 0n);
  return {
    advice: advice.sort((a, b) => (a.savedNanos > b.savedNanos ? -1 : a.savedNanos < b.savedNanos ? 1 : 0)),
    requests,
    isWhole,
  };
}
