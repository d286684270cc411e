import { createHash } from "node:crypto";
import { canonicalJson } from "../kernel/index.ts";
import { boundAt, costOfUsage, totalInput } from "./arithmetic.ts";
import { dearestFactor, factorOf } from "./factors.ts";
import { modelNames, type ModelNames } from "./model-names.ts";
import { type Multiplier, MULTIPLIERS } from "./multipliers.ts";
import { largestOutput } from "./output-limits.ts";
import { overrideFor, overrideRates, type PriceOverride } from "./overrides.ts";
import type { ListedModel, PriceSet, PriceSnapshot } from "./price-data.ts";
import { listsFor } from "./price-lists.ts";
import type { BoundInput, CostInput, PricedModel, Pricing } from "./pricing.ts";
import { largest, pricesAround, pricesAt, ratesFor, type RateTable, rateTable } from "./rates.ts";

export interface PriceBookOptions {
  readonly snapshot: PriceSnapshot;
  readonly overrides?: readonly PriceOverride[];
  readonly multipliers?: readonly Multiplier[];
}

/** Pricing by price data, under the user's own prices. Both can be replaced while it is in use. */
export interface PriceBook extends Pricing {
  readonly snapshot: PriceSnapshot;
  readonly overrides: readonly PriceOverride[];
  replaceOverrides(overrides: readonly PriceOverride[]): void;
  replaceSnapshot(snapshot: PriceSnapshot): void;
  /** Where the model's price comes from, for people. */
  look(model: PricedModel): PriceFinding;
}

export type PriceFinding =
  | { readonly from: "override"; readonly override: PriceOverride; readonly tables: readonly RateTable[] }
  | {
      readonly from: "list";
      readonly list: string;
      readonly listed: ListedModel;
      readonly tables: readonly RateTable[];
    }
  | { readonly from: "free" }
  /** The nearest known name, to be shown only. */
  | { readonly from: "nowhere"; readonly suggestion: string | undefined };

/** Routes that no provider charges for. */
const FREE_KINDS: ReadonlySet<string> = new Set(["models", "count_tokens", "files"]);
/** Routes whose answers hold no output tokens. */
const WITHOUT_OUTPUT: ReadonlySet<string> = new Set(["embeddings", "moderations"]);

export function createPriceBook(options: PriceBookOptions): PriceBook {
  const multipliers = options.multipliers ?? MULTIPLIERS;
  let snapshot = options.snapshot;
  let overrides = options.overrides ?? [];
  let names = namesOf(snapshot);
  let version = versionOf(snapshot, overrides);
  const tables = new WeakMap<PriceSet, { table: RateTable | undefined }>();

  const tableOf = (prices: PriceSet, modelId: string): RateTable | undefined => {
    let known = tables.get(prices);
    if (!known) tables.set(prices, (known = { table: rateTable(prices, modelId) }));
    return known.table;
  };

  const find = (model: PricedModel, pricesOf: (listed: ListedModel) => readonly PriceSet[]): PriceFinding => {
    const override = overrideFor(overrides, model);
    if (override) {
      return { from: "override", override, tables: [[{ fromInput: 0, rates: overrideRates(override) }]] };
    }
    const lists = listsFor(model);
    if (lists === "free") return { from: "free" };
    for (const list of lists) {
      const listed = names.get(list)?.find(model.model);
      if (!listed) continue;
      const found = pricesOf(listed)
        .map((prices) => tableOf(prices, listed.id))
        .filter((table) => table !== undefined);
      return { from: "list", list, listed, tables: found };
    }
    const suggestion = lists.map((list) => names.get(list)?.suggest(model.model)).find(Boolean);
    return { from: "nowhere", suggestion };
  };

  return {
    get version() {
      return version;
    },
    get snapshot() {
      return snapshot;
    },
    get overrides() {
      return overrides;
    },
    replaceOverrides(next) {
      overrides = next;
      version = versionOf(snapshot, overrides);
    },
    replaceSnapshot(next) {
      snapshot = next;
      names = namesOf(snapshot);
      version = versionOf(snapshot, overrides);
    },
    look: (model) => find(model, (listed) => pricesAt(listed, model.atMs)),

    cost(input: CostInput) {
      const { usage } = input;
      const found = find(input, (listed) => pricesAt(listed, input.atMs));
      if (found.from === "free") return 0n;
      // Figures that contradict each other, or none at all, have no price.
      if (usage.clamped === true || (usage.inputUncached === null && usage.output === null)) return null;
      if (found.from === "nowhere") return null;
      const factor = factorOf(multipliers, { ...input, tier: input.batch ? "batch" : input.serviceTier });
      const rates = found.tables[0] && ratesFor(found.tables[0], totalInput(usage));
      return factor === undefined || !rates ? null : costOfUsage(usage, rates, factor);
    },

    bound(input: BoundInput) {
      if (FREE_KINDS.has(input.kind)) return 0n;
      const found = find(input, (listed) => pricesAround(listed, input.atMs));
      if (found.from === "free") return 0n;
      if (found.from === "nowhere") return null;
      const outputTokens = WITHOUT_OUTPUT.has(input.kind)
        ? 0
        : (input.outputLimit ?? largestOutput(input.model)) * Math.max(input.choices, 1);
      const factor = dearestFactor(multipliers, input);
      const bounds = found.tables
        .flat()
        .map(({ rates }) => boundAt(rates, input.bodyBytes, outputTokens, factor));
      return dearest(bounds);
    },
  };
}

/** `null` when one is not known, or there is none. */
function dearest(bounds: readonly (bigint | null)[]): bigint | null {
  const known = bounds.filter((bound) => bound !== null);
  return known.length === 0 || known.length < bounds.length ? null : largest(0n, ...known);
}

function namesOf(snapshot: PriceSnapshot): ReadonlyMap<string, ModelNames> {
  return new Map(snapshot.lists.map((list) => [list.id, modelNames(list)]));
}

/** Changes with every price that the user sets: the ledger can say by which prices a row was counted. */
function versionOf(snapshot: PriceSnapshot, overrides: readonly PriceOverride[]): string {
  if (overrides.length === 0) return snapshot.version;
  const texts = overrides.map((each) =>
    canonicalJson(Object.entries(each).map(([name, value]) => [name, String(value)])),
  );
  const hash = createHash("sha256").update(texts.sort().join("\n")).digest("hex").slice(0, 8);
  return `${snapshot.version}, ${overrides.length} own (${hash})`;
}
