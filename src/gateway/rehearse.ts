/**
 * What the gateway would do with a request, decided by the same planner and the same rules and without sending it: for
 * `ownkey budget explain`.
 */
import { OPEN_POLICY, type VirtualKey } from "../access/index.ts";
import { type Budget, type BoundResult, type Spender, type Wanted } from "../budgets/index.ts";
import type { Connection, ProviderKey } from "../connections/index.ts";
import { AppError, type Clock } from "../kernel/index.ts";
import type { PricedModel, Pricing } from "../usage/index.ts";
import { dialectOf } from "./dialect.ts";
import type { Budgeting } from "./budgeting.ts";
import { fund } from "./funding.ts";
import type { Directory, ProviderRegistry } from "./parts.ts";
import { createPlanner } from "./planner.ts";
import type { Plan } from "./plan.ts";
import type { StoredObjects } from "./stored-objects.ts";
import { parseTarget } from "./target.ts";

export interface RehearsalOptions {
  readonly connections: readonly Connection[];
  readonly keyOf: (connectionId: string) => ProviderKey | undefined;
  readonly providers: ProviderRegistry;
  readonly storedObjects: StoredObjects;
  readonly pricing: Pricing;
  readonly clock: Clock;
  /** Decides which budgets cover it, and what it can use and cost at the most. */
  readonly budgets: Pick<Budgeting, "covering" | "isSuspended" | "bound" | "prices" | "outputLimit">;
  /** `undefined`: one that may everything. */
  readonly virtualKey: VirtualKey | undefined;
  /** As tools write it: `/v1/chat/completions`, with prefixes if they have some. */
  readonly path: string;
  readonly body: Uint8Array;
}

export interface Rehearsal {
  readonly plan: Pick<Plan, "connection" | "provider" | "rule" | "modelPriced" | "bytesIn">;
  readonly covering: readonly Budget[];
  readonly bounded: BoundResult | undefined;
  readonly prices: ReturnType<Budgeting["prices"]>;
  /** What budgets would be asked to hold; absent when the request would be refused before. */
  readonly wanted: Wanted | undefined;
  /** Why it would be refused whatever is left. */
  readonly refusal: AppError | undefined;
}

/** @throws AppError for what would be refused before budgets are asked: no such route, a model that is not allowed, … */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const plan = await planOf(options);
  const seen: { -readonly [Name in keyof Rehearsal]?: Rehearsal[Name] } = {};
  const { budgets, pricing, clock } = options;
  const watching: Budgeting = {
    outputLimit: budgets.outputLimit,
    covering: (spender: Spender) => (seen.covering = budgets.covering(spender)),
    isSuspended: (connectionId, model) => budgets.isSuspended(connectionId, model),
    bound: (request) => (seen.bounded = budgets.bound(request)),
    tightened: () => Promise.resolve(undefined),
    prices: (bounded, model: PricedModel) => (seen.prices = budgets.prices(bounded, model)),
    reserve(wanted) {
      seen.wanted = wanted;
      throw new Stop();
    },
    overrun() {},
  };
  let refusal: AppError | undefined;
  try {
    await fund({ pricing, budgets: watching }, plan, clock.nowMs());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (!(error instanceof Stop)) refusal = error;
  }
  const { covering = [], bounded, prices = null, wanted } = seen;
  return { plan, covering, bounded, prices, wanted, refusal };
}

/** Far enough: what is held is known, and nothing is to be held. */
class Stop extends AppError {
  constructor() {
    super("cancelled", "rehearsed");
  }
}

async function planOf(options: RehearsalOptions): Promise<Plan> {
  const { connections, keyOf, providers, storedObjects, clock, path, body } = options;
  const url = `http://localhost${path.startsWith("/") ? "" : "/"}${path}`;
  const target = parseTarget(url);
  const headers = { "content-type": "application/json", "content-length": String(body.length) };
  const request = new Request(url, { method: "POST", body: body as Uint8Array<ArrayBuffer> });
  const directory: Directory = {
    refresh: () => undefined,
    authenticate: () => ({ refused: "unknown" }),
    connections: () => connections,
    keyOf,
    lend: () => Promise.reject(new AppError("internal", "a rehearsal lends nothing")),
    unready: () => undefined,
  };
  const plan = createPlanner({ directory, providers, storedObjects, keyedHash: () => new Uint8Array(32) });
  const virtualKey = options.virtualKey ?? nobody(clock.nowMs());
  return await plan({
    request,
    method: "POST",
    url,
    headers,
    target,
    caller: { virtualKey, tool: virtualKey.policy.tool },
    dialect: dialectOf(headers, target),
    requestId: "req_rehearsed",
    startedAtMs: clock.nowMs(),
    startedMonotonicMs: clock.monotonicMs(),
  });
}

function nobody(nowMs: number): VirtualKey {
  return {
    id: "",
    name: "",
    hint: "",
    generation: 1,
    state: "active",
    createdAtMs: nowMs,
    expiresAtMs: null,
    lastUsedAtMs: null,
    policy: OPEN_POLICY,
  };
}
