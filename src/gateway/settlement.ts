import type { Usage } from "../kernel/index.ts";
import type { AttemptEnd } from "../ledger/index.ts";
import type { RouteKind } from "../providers/index.ts";
import type { MeterResult } from "../usage/index.ts";

export interface Outcome {
  readonly end: AttemptEnd;
  /** The provider's status; `null` when none came. */
  readonly status: number | null;
  /** The request was handed on: from then on the provider may have had it. */
  readonly left: boolean;
  readonly kind: RouteKind;
  /** How many answers were asked for at once. */
  readonly choices: number;
  /** The route cannot cost money. */
  readonly free: boolean;
  /** A hard budget pays: what it costs is never unknown. */
  readonly isHard: boolean;
  readonly reservedNanos: bigint | null;
  readonly meter: MeterResult | null;
  /** What the metered usage costs at our prices; `null` = unpriced. */
  readonly price: (meter: MeterResult) => bigint | null;
}

export interface Settlement {
  readonly costNanos: bigint | null;
  /** The cost is the full reservation, because the provider's final figures were not seen, or have no price. */
  readonly estimated: boolean;
}

/** What an attempt costs (docs: money). Only what can never have been charged is free. */
export function settlementOf(outcome: Outcome): Settlement {
  const { end, status, meter, kind } = outcome;
  if (outcome.free || !outcome.left || end === "unreachable") return { costNanos: 0n, estimated: false };
  // An error status before any output is never charged.
  if (status !== null && (status >= 400 || end === "refused")) return { costNanos: 0n, estimated: false };
  // Of several answers the first that ends may bring figures, while the others are still being written.
  const sawAll = meter?.final === true && (end === "complete" || outcome.choices === 1);
  if (sawAll && isWhole(meter.usage, kind)) {
    const costNanos = outcome.price(meter);
    const isPriced = costNanos !== null || !outcome.isHard || outcome.reservedNanos === null;
    if (isPriced) return { costNanos, estimated: false };
  }
  return { costNanos: outcome.reservedNanos, estimated: true };
}

/** Figures that contradict each other, or leave out what every request has, are as good as none. */
function isWhole(usage: Usage | null, kind: RouteKind): boolean {
  if (usage === null || usage.clamped === true || usage.inputUncached === null) return false;
  return usage.output !== null || !TELLS_OUTPUT.has(kind);
}

/** Gemini leaves out zeros, and nothing is written by the others. */
const TELLS_OUTPUT: ReadonlySet<RouteKind> = new Set(["chat", "completions", "responses", "messages"]);
