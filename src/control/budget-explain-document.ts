import { formatUsd } from "../kernel/index.ts";
import { budgetName, type Explained } from "./budget-explain.ts";
import type { Names } from "./names.ts";

/** What `budget explain` says, made from what was worked out. */
export function explainDocument(explained: Explained, names: Names) {
  const { plan, bounded, prices, wanted, standings, isHard, refusal } = explained;
  const output = bounded?.kind === "bounded" ? bounded.output : null;
  const perToken = prices?.nanosPerOutputToken ?? 0n;
  const most = outputTokensFor(explained, wanted?.mostNanos ?? 0n);
  const budgets = standings.map(({ budget, leftNanos, unknown }) => {
    const least = budget.hard ? (wanted?.leastNanos ?? 0n) : 1n;
    const holds = budget.hard ? wanted?.mostNanos : wanted?.guessNanos;
    return {
      name: budgetName(budget, names),
      hard: budget.hard,
      leftUsd: unknown ? null : formatUsd(leftNanos > 0n ? leftNanos : 0n),
      holdsUsd: holds === undefined ? null : formatUsd(holds),
      enough: wanted === undefined ? null : !unknown && leftNanos >= least,
      leftNanos,
    };
  });
  const short = budgets.find(({ enough }) => enough === false);
  const scarce = (short === undefined ? budgets : []).filter(
    ({ hard, leftNanos }) => hard && leftNanos < (wanted?.mostNanos ?? 0n),
  );
  // The scarcest decides how long the answer may be.
  const affordable = scarce.reduce(
    (least, { leftNanos }) => (leftNanos < least ? leftNanos : least),
    wanted?.mostNanos ?? 0n,
  );
  const tokens = scarce.length > 0 ? outputTokensFor(explained, affordable) : most;
  return {
    route: plan.rule.path,
    model: plan.modelPriced,
    connection: names.connection(plan.connection.id),
    bytes: plan.bytesIn,
    ...outcomeOf(explained, { short: short?.name, tokens: scarce.length > 0 ? tokens : null }),
    hint: refusal?.hint ?? null,
    hardBudget: isHard,
    inputTokens: bounded?.kind === "bounded" ? bounded.inputTokens : null,
    inputUsd: prices === null ? null : formatUsd(prices.fixedNanos),
    outputTokens: tokens,
    outputUsd: tokens === null || prices === null ? null : formatUsd(BigInt(tokens) * perToken),
    outputLimitBy:
      output === null ? null : output.clientLimit === null ? ("ownkey" as const) : ("request" as const),
    answers: output === null ? null : output.choices,
    holdsUsd: wanted === undefined || prices === null ? null : formatUsd(affordable),
    leastUsd: wanted === undefined || prices === null ? null : formatUsd(wanted.leastNanos),
    letThrough: bounded?.kind === "bounded" ? [...bounded.allowed] : [],
    budgets: budgets.map(({ name, hard, leftUsd, holdsUsd, enough }) => ({
      name,
      hard,
      leftUsd,
      holdsUsd,
      enough,
    })),
  };
}

/** How long the answer may be with so much held; `null` where there is no answer by tokens. */
function outputTokensFor({ bounded, prices }: Explained, nanos: bigint): number | null {
  if (bounded?.kind !== "bounded" || bounded.output === null || prices === null) return null;
  if (prices.nanosPerOutputToken === 0n) return bounded.output.clientLimit;
  const tokens = (nanos - prices.fixedNanos) / prices.nanosPerOutputToken;
  return tokens > 0n ? Number(tokens) : 0;
}

function outcomeOf(
  { plan, covering, bounded, refusal, isHard }: Explained,
  { short, tokens }: { short: string | undefined; tokens: number | null },
): { outcome: "sent" | "sent_shorter" | "refused"; why: string } {
  if (plan.rule.free === true) return { outcome: "sent", why: "providers do not charge for this route" };
  if (refusal && isHard) return { outcome: "refused", why: refusal.message };
  if (refusal) {
    const found = bounded?.kind === "unbounded" ? `"${bounded.field}" ${bounded.why}` : refusal.message;
    return { outcome: "sent", why: `no hard budget covers it; one would refuse it: ${found}` };
  }
  if (short !== undefined)
    return {
      outcome: "refused",
      why: `the budget "${short}" has too little left, unless fewer tokens than bytes can be proven in time`,
    };
  if (tokens !== null) {
    return {
      outcome: "sent_shorter",
      why: `what is left pays for ${tokens} output tokens: the provider is told so`,
    };
  }
  if (covering.length === 1 && !isHard) return { outcome: "sent", why: "no budget covers it" };
  return {
    outcome: "sent",
    why: isHard ? "every budget has enough left" : "only soft budgets cover it: it is watched",
  };
}
