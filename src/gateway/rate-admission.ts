import type { Admission, Rates } from "../budgets/index.ts";
import type { Usage } from "../kernel/index.ts";
import type { RouteKind } from "../providers/index.ts";
import { totalInput } from "../usage/index.ts";
import type { Plan } from "./plan.ts";

/** English text has about four; other text and code have fewer, and what was counted is corrected afterwards. */
const BYTES_PER_TOKEN = 4;
/** What an answer counts until its end when the request names no limit. */
const USUAL_OUTPUT_TOKENS = 1_024;

/** Routes whose bodies are text for a model; those of others (recordings, files) say nothing about tokens. */
const TEXT_ROUTES: ReadonlySet<RouteKind> = new Set([
  "chat",
  "responses",
  "completions",
  "messages",
  "generate",
  "embeddings",
]);

/**
 * Counts an attempt in the rate limits that cover it; `undefined` when none does. @throws AppError `rate_limited`.
 */
export function admitAttempt(rates: Rates, plan: Plan): Admission | undefined | Promise<Admission> {
  const { id, policy } = plan.caller.virtualKey;
  if (!rates.mayLimit(policy.rateLimits)) return undefined;
  return rates.admit({
    virtualKeyId: id,
    limits: policy.rateLimits,
    user: policy.user,
    team: policy.team,
    project: policy.project,
    tool: plan.tool,
    connectionId: plan.connection.id,
    model: plan.modelCounted,
    estimatedTokens: estimatedTokens(plan),
  });
}

function estimatedTokens({ rule, bytesIn, outputLimit, choices }: Plan): number {
  if (rule.free === true || !TEXT_ROUTES.has(rule.kind)) return 0;
  const input = Math.ceil(bytesIn / BYTES_PER_TOKEN);
  return rule.kind === "embeddings" ? input : input + (outputLimit ?? USUAL_OUTPUT_TOKENS) * choices;
}

/** All tokens of an attempt, cached ones included; `null` without usage that its cost was reckoned from. */
export function tokensUsed(plan: Plan, status: number | null, usage: Usage | null): number | null {
  if (plan.rule.free === true || (status !== null && status >= 400)) return 0;
  if (usage === null) return null;
  return totalInput(usage) + (usage.output ?? 0);
}
