import {
  type Bounded,
  type BoundRequest,
  type Budget,
  modelSuspended,
  notBoundable,
  unpriced,
} from "../budgets/index.ts";
import { splice } from "../kernel/index.ts";
import type { Budgeting } from "./budgeting.ts";
import type { Plan } from "./plan.ts";
import { pricedModel } from "./priced-model.ts";

/** What hard budgets have to hold for an attempt. */
export interface HardNeeds {
  /** With the output limit that it is to have. */
  readonly mostNanos: bigint;
  /** With the smallest output limit that makes sense; of a client's own limit nothing is taken away. */
  readonly leastNanos: bigint;
  readonly inputTokens: number;
  /** Every member of the body has a bound. */
  readonly proven: boolean;
  readonly isPriced: boolean;
  /** The body with the output limit that so much pays for. */
  body(hardNanos: bigint): Plan["body"];
}

export interface HardLimitOptions {
  readonly plan: Plan;
  readonly hard: readonly Budget[];
  readonly nowMs: number;
}

/**
 * The bound of an attempt that hard budgets cover.
 * @throws AppError `not_boundable` from the constructor: nobody knows what it can cost, or its model is suspended.
 */
export class HardLimit {
  readonly needs: HardNeeds;
  readonly #budgets: Budgeting;
  readonly #options: HardLimitOptions;
  readonly #request: BoundRequest;
  readonly #bounded: Bounded;

  constructor(budgets: Budgeting, options: HardLimitOptions) {
    const { plan, hard } = options;
    const model = plan.modelPriced;
    if (model !== null && budgets.isSuspended(plan.connection.id, model)) throw modelSuspended(model);
    this.#budgets = budgets;
    this.#options = options;
    this.#request = {
      kind: plan.rule.kind,
      provider: plan.provider.id,
      preset: plan.connection.preset,
      path: plan.call.path,
      body: plan.body instanceof Uint8Array ? plan.body : null,
      model,
      allow: allowedByAll(hard),
    };
    const bounded = budgets.bound(this.#request);
    if (bounded.kind === "unbounded") throw notBoundable(bounded);
    this.#bounded = bounded;
    this.needs = this.#needsOf(bounded);
  }

  /** With fewer input tokens, if a closer look at the text tells so in time. */
  async tightened(): Promise<HardNeeds | undefined> {
    const bounded = this.#bounded;
    const inputTokens = await this.#budgets.tightened(this.#request, bounded);
    if (inputTokens === undefined) return undefined;
    const audioInputTokens = Math.min(bounded.audioInputTokens, inputTokens);
    return this.#needsOf({ ...bounded, inputTokens, audioInputTokens });
  }

  #needsOf(bounded: Bounded): HardNeeds {
    const { plan, nowMs } = this.#options;
    const priced = pricedModel(plan, nowMs);
    const prices = priced === undefined ? null : this.#budgets.prices(bounded, priced);
    const proven = bounded.allowed.length === 0;
    const { inputTokens } = bounded;
    const unchanged = { inputTokens, proven, isPriced: true, body: () => plan.body };
    if (prices === null) {
      if (!this.#request.allow.has("unpriced")) throw unpriced(plan.modelPriced);
      return { ...unchanged, mostNanos: 0n, leastNanos: 0n, proven: false, isPriced: false };
    }
    const { fixedNanos, nanosPerOutputToken } = prices;
    const { output } = bounded;
    if (output === null) return { ...unchanged, mostNanos: fixedNanos, leastNanos: fixedNanos };
    const minimum = Math.max(output.minimum, 1);
    const usual = Math.min(output.modelMaximum, Math.max(this.#budgets.outputLimit, minimum));
    const most = output.clientLimit ?? usual;
    const costWith = (tokens: number) => fixedNanos + BigInt(tokens) * nanosPerOutputToken;
    return {
      ...unchanged,
      mostNanos: costWith(most),
      leastNanos: costWith(output.clientLimit ?? Math.min(most, minimum)),
      body: (hardNanos) => {
        const paidFor = nanosPerOutputToken === 0n ? most : (hardNanos - fixedNanos) / nanosPerOutputToken;
        const edit = output.edit(Math.min(most, Number(paidFor)));
        const bytes = this.#request.body;
        return edit === null || bytes === null ? plan.body : splice(bytes, [edit]);
      },
    };
  }
}

/** What every one of them lets through by name. */
function allowedByAll(budgets: readonly Budget[]): ReadonlySet<string> {
  if (budgets.some(({ allow }) => allow.length === 0)) return NOTHING;
  const [first, ...rest] = budgets;
  return new Set(first?.allow.filter((name) => rest.every(({ allow }) => allow.includes(name))));
}

const NOTHING: ReadonlySet<string> = new Set();
