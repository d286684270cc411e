import type { Log, Usage } from "../kernel/index.ts";
import type { AttemptEnd } from "../ledger/index.ts";
import { type MeterResult, type Pricing, totalInput } from "../usage/index.ts";
import { answerPrice } from "./answer-price.ts";
import type { Budgeting } from "./budgeting.ts";
import type { Funds } from "./funding.ts";
import type { Plan } from "./plan.ts";
import { pricedAs } from "./priced-model.ts";
import { type Settlement, settlementOf } from "./settlement.ts";

export interface ChargeParts {
  readonly pricing: Pricing;
  readonly budgets?: Budgeting | undefined;
  readonly log: Log;
}

/** An attempt that has ended. */
export interface EndedAttempt {
  readonly plan: Plan;
  readonly funds: Funds;
  /** Of the prices that it was funded by. */
  readonly priceVersion: string;
  readonly end: AttemptEnd;
  /** The provider's status; `null` when none came. */
  readonly status: number | null;
  /** The request was handed on: from then on the provider may have had it. */
  readonly left: boolean;
  readonly meter: MeterResult | null;
  readonly atMs: number;
}

export interface Charge extends Settlement {
  /** What budgets lose: what nobody can price counts with its reservation, as when the ledger is read after a crash. */
  readonly chargedNanos: bigint;
}

/** What an attempt costs. What cannot be true about it is told to the owner. */
export function chargeOf(parts: ChargeParts, ended: EndedAttempt): Charge {
  const { plan, funds, end, status, left, meter } = ended;
  const { reservedNanos } = funds;
  const { rule, choices } = plan;
  const { costNanos, estimated } = settlementOf({
    end,
    status,
    left,
    kind: rule.kind,
    choices,
    free: rule.free === true,
    isHard: isHard(funds),
    reservedNanos,
    meter,
    price: (metered) => priceOf(parts.pricing, ended, metered),
  });
  const chargedNanos = costNanos ?? reservedNanos ?? 0n;
  checkBound(parts, ended, chargedNanos);
  if (meter !== null && meter.usage !== null) checkFigures(parts.log, ended, meter.usage);
  return { costNanos, estimated, chargedNanos };
}

/** A hard budget pays. */
function isHard({ reservation }: Funds): boolean {
  return (reservation?.hardNanos ?? 0n) > 0n;
}

function priceOf(pricing: Pricing, { plan, funds, atMs }: EndedAttempt, meter: MeterResult): bigint | null {
  const { usage, modelAnswered, serviceTier, geo } = meter;
  if (usage === null) return null;
  return answerPrice({
    asked: plan.modelPriced,
    answered: modelAnswered,
    isHard: isHard(funds),
    costAs: (model) =>
      pricing.cost({ ...pricedAs(model, plan, atMs), usage, serviceTier, geo, batch: false }),
  });
}

/** A cost beyond what was proven possible is an alarm: a bound or a price is wrong, unless the price was set meanwhile. */
function checkBound({ pricing, budgets }: ChargeParts, ended: EndedAttempt, costNanos: bigint): void {
  const { plan, funds, priceVersion, atMs } = ended;
  const reservedNanos = funds.reservation?.hardNanos ?? 0n;
  if (!funds.proven || costNanos <= reservedNanos || priceVersion !== pricing.version) return;
  budgets?.overrun({
    requestId: plan.requestId,
    connectionId: plan.connection.id,
    model: plan.modelPriced ?? "",
    reservedNanos,
    costNanos,
    atMs,
  });
}

/** What cannot be true is told, also where it has cost nothing more: figures, or what they were held against, are wrong. */
function checkFigures(log: Log, { plan, funds }: EndedAttempt, usage: Usage): void {
  const { requestId, connection, modelPriced: model } = plan;
  const { mostInputTokens } = funds;
  const about = { requestId, connection: connection.name, model };
  const inputTokens = totalInput(usage);
  if (usage.clamped === true) log.warn("gateway.usage_not_believed", about);
  else if (inputTokens > mostInputTokens)
    log.warn("gateway.input_beyond_bound", { ...about, inputTokens, mostInputTokens });
}
