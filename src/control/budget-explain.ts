import type { VirtualKey } from "../access/index.ts";
import {
  boundPrices,
  boundRequest,
  type Budget,
  type BudgetStanding,
  covers,
  FIRST_SETTINGS,
  namedSubject,
} from "../budgets/index.ts";
import { servingKey } from "../connections/index.ts";
import { createStoredObjects, rehearse, type Rehearsal } from "../gateway/index.ts";
import { AppError, isJsonObject, parseJson, silentLog } from "../kernel/index.ts";
import { matchRoute, providerById } from "../providers/index.ts";
import type { Control } from "./control.ts";
import type { Names } from "./names.ts";
import { settingOf } from "./setting-of.ts";

export interface RequestToExplain {
  readonly body: string;
  readonly virtualKey: VirtualKey | undefined;
  /** As a tool would call it; found by the body when it is not said. */
  readonly route: string | undefined;
  readonly connection: string | undefined;
}

export interface Explained extends Rehearsal {
  /** Those that cover it, and where they stand; a hard one that there is not is left out. */
  readonly standings: readonly BudgetStanding[];
  /** Whether any budget that covers it is hard. Else a hard one without exceptions was taken for the sums. */
  readonly isHard: boolean;
}

/**
 * Works out what a request would hold of the budgets that cover it, by the gateway's own rules and without sending it.
 * @throws AppError for what the gateway would refuse before budgets are asked.
 */
export async function explainRequest(control: Control, asked: RequestToExplain): Promise<Explained> {
  const { budgets } = await control.budgets.list();
  const suspended = new Set(
    (await control.budgets.suspensions()).map(({ connectionId, model }) =>
      JSON.stringify([connectionId, model]),
    ),
  );
  const connections = await control.connections.list();
  const keys = await control.connections.keys();
  const keyOf = (connectionId: string) => servingKey(keys.filter((key) => key.connectionId === connectionId));
  const rehearsal = await rehearse({
    connections,
    keyOf,
    providers: { providerById, matchRoute },
    storedObjects: createStoredObjects({ store: control.store, clock: control.clock, log: silentLog }),
    pricing: control.prices,
    clock: control.clock,
    budgets: {
      covering(spender) {
        const covering = budgets.filter(({ subject }) => covers(subject, spender));
        return covering.some(({ hard }) => hard) ? covering : [...covering, SUPPOSED];
      },
      isSuspended: (connectionId, model) => suspended.has(JSON.stringify([connectionId, model])),
      bound: boundRequest,
      prices: (bounded, model) => boundPrices(control.prices, bounded, model),
      outputLimit: outputLimitOf(control),
    },
    virtualKey: asked.virtualKey,
    path: pathOf(asked),
    body: new TextEncoder().encode(asked.body),
  });
  const real = rehearsal.covering.filter((budget) => budget !== SUPPOSED);
  return {
    ...rehearsal,
    standings: await control.budgets.standings(real),
    isHard: real.some(({ hard }) => hard),
  };
}

export function budgetName({ subject, unit }: Budget, names: Names): string {
  return `${namedSubject(subject, names)}/${unit}`;
}

/** Stands in where no hard budget covers the request, so that there is something to explain. */
const SUPPOSED: Budget = {
  ...FIRST_SETTINGS,
  id: "",
  subject: { kind: "everything" },
  name: "",
  limitNanos: 0n,
  unit: "lifetime",
  generation: 1,
  lineage: "",
  createdAtMs: 0,
  setAtMs: 0,
};

const OUTPUT_LIMIT = 32_768;

function outputLimitOf({ settings }: Control): number {
  const value = settingOf(settings)("outputLimit");
  return typeof value === "number" ? value : OUTPUT_LIMIT;
}

function pathOf({ route, connection, body }: RequestToExplain): string {
  const path = route ?? routeByBody(body);
  const slashed = path.startsWith("/") ? path : `/${path}`;
  return connection === undefined ? slashed : `/c/${encodeURIComponent(connection)}${slashed}`;
}

/** The route that bodies of this shape go to most often. */
function routeByBody(text: string): string {
  const body = parseJson(text);
  if (!isJsonObject(body)) return "/v1/chat/completions";
  if ("messages" in body) return "system" in body ? "/v1/messages" : "/v1/chat/completions";
  if ("contents" in body) {
    throw new AppError("usage", "the model of such a request stands in its path", {
      hint: "say it: --route /v1beta/models/gemini-2.5-flash:generateContent",
    });
  }
  if ("input" in body) return "/v1/responses";
  return "prompt" in body ? "/v1/completions" : "/v1/chat/completions";
}
