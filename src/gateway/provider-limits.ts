import type { ProviderRates } from "../budgets/index.ts";
import { isRateHeader, type Verdict } from "../providers/index.ts";
import type { Plan } from "./plan.ts";
import type { UpstreamAnswer } from "./upstream/answer.ts";

/** @throws AppError `rate_limited` while the provider would refuse the attempt anyway. */
export function assertProviderOpen(rates: ProviderRates, plan: Plan): void {
  if (plan.rule.free !== true && rates.isPausing) rates.assertOpen(targetOf(plan));
}

/** What the answer's headers tell of the provider's own limits. */
export function noteProviderRates(rates: ProviderRates, plan: Plan, answer: UpstreamAnswer): void {
  const headers = answer.headers.pairs;
  for (const [name] of headers) {
    if (!isRateHeader(name)) continue;
    rates.answered(targetOf(plan), { status: answer.status, headers, provider: plan.provider });
    return;
  }
}

/** An error answer: one for the rate alone is believed, and the wait that it names. */
export function noteProviderRefusal(rates: ProviderRates, plan: Plan, { name, retryAfterMs }: Verdict): void {
  if (name === "rate_limited") rates.refused(targetOf(plan), plan.provider, retryAfterMs);
}

function targetOf({ providerKey, modelRequested }: Plan) {
  return { keyId: providerKey.id, model: modelRequested };
}
