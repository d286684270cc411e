import { createHash } from "node:crypto";
import { canonicalJson } from "../kernel/index.ts";
import { boundAt, costOfUsage, totalInput } from "./arithmetic.ts";
import { type Ceiling, ceilingAt, dearestOfTiers, type MostUsage } from "./ceiling.ts";
import { type Multiplier, MULTIPLIERS } from "./multipliers.ts";
import { LARGEST_OUTPUT_LIMIT, largestOutput, MOST_CHOICES } from "./output-limits.ts";
import { overrideRates, type PriceOverride } from "./overrides.ts";
import type { ListedModel, PriceSet, PriceSnapshot } from "./price-data.ts";
import { type Found, priceFinder } from "./price-finder.ts";
import type { PricedModel, Pricing } from "./pricing.ts";
import {
  isConditional,
  largest,
  pricesAround,
  pricesAt,
  ratesFor,
  type RateTable,
  rateTable,
} from "./rates.ts";

export interface PriceBookOptions {
  readonly snapshot: PriceSnapshot;
  readonly overrides?: readonly PriceOverride[];
  readonly multipliers?: readonly Multiplier[];
}

/** Prices for what a request can come to at the most: what a hard budget sets aside. */
export interface Ceilings {
  /** `null` = unpriced, or a tier without a known price. */
  ceiling(model: PricedModel, use: MostUsage): Ceiling | null;
}

/** Pricing by price data, under the user's own prices. Both can be replaced while it is in use. */
export interface PriceBook extends Pricing, Ceilings {
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
      /** Empty when the list holds no token price for it. */
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
  let { snapshot } = options;
  let overrides = options.overrides ?? [];
  let version = versionOf(snapshot, overrides);
  let priceOf = priceFinder(snapshot, overrides, multipliers);
  const tablesFor = rateTables();

  const changed = () => {
    version = versionOf(snapshot, overrides);
    priceOf = priceFinder(snapshot, overrides, multipliers);
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
      changed();
    },
    replaceSnapshot(next) {
      snapshot = next;
      changed();
    },

    look(model) {
      const { found } = priceOf(model);
      if (found.from === "free") return found;
      if (found.from === "nowhere") return { from: "nowhere", suggestion: found.suggest() };
      return { ...found, tables: tablesFor(found, pricesAt, model.atMs) };
    },

    cost(input) {
      const { usage } = input;
      const { found, factorOf } = priceOf(input);
      if (found.from === "free") return 0n;
      // Figures that contradict each other, or none at all, have no price.
      if (usage.clamped === true || (usage.inputUncached === null && usage.output === null)) return null;
      const table = tablesFor(found, pricesAt, input.atMs)[0];
      const rates = table && ratesFor(table, totalInput(usage));
      const times = rates && factorOf(input.batch ? "batch" : input.serviceTier, input.geo);
      return times === undefined || !rates ? null : costOfUsage(usage, rates, times);
    },

    ceiling(model, use) {
      const { found, factorOf } = priceOf(model);
      if (found.from === "free") return { fixedNanos: 0n, nanosPerOutputToken: 0n };
      const tables = tablesFor(found, pricesAround, model.atMs);
      const factor = dearestOfTiers(factorOf, use);
      return factor === undefined ? null : ceilingAt(tables, use, factor);
    },

    bound(input) {
      if (FREE_KINDS.has(input.kind)) return 0n;
      const { found, dearestFactor } = priceOf(input);
      if (found.from === "free") return 0n;
      const outputTokens = WITHOUT_OUTPUT.has(input.kind)
        ? 0
        : Math.min(input.outputLimit ?? largestOutput(input.model), LARGEST_OUTPUT_LIMIT) *
          Math.min(Math.max(input.choices, 1), MOST_CHOICES);
      let dearest: bigint | null = null;
      for (const table of tablesFor(found, pricesAround, input.atMs)) {
        for (const { rates } of table) {
          const bound = boundAt(rates, input.bodyBytes, outputTokens, dearestFactor);
          if (bound === null) return null;
          dearest = largest(dearest ?? 0n, bound);
        }
      }
      return dearest;
    },
  };
}

/** Rates as integers, worked out once for each price set, and once for each model whose prices stay. */
function rateTables() {
  const lasting = new WeakMap<ListedModel, readonly RateTable[]>();
  const tables = new WeakMap<PriceSet, { table: RateTable | undefined }>();
  const tableOf = (prices: PriceSet, modelId: string): RateTable | undefined => {
    let entry = tables.get(prices);
    if (!entry) tables.set(prices, (entry = { table: rateTable(prices, modelId) }));
    return entry.table;
  };
  return (
    found: Found,
    pricesOf: (listed: ListedModel, atMs: number) => readonly PriceSet[],
    atMs: number,
  ): readonly RateTable[] => {
    if (found.from === "override") return [[{ fromInput: 0, rates: overrideRates(found.override) }]];
    if (found.from !== "list") return [];
    const { listed } = found;
    const known = lasting.get(listed);
    if (known) return known;
    const current = pricesOf(listed, atMs)
      .map((prices) => tableOf(prices, listed.id))
      .filter((table) => table !== undefined);
    if (!isConditional(listed.prices)) lasting.set(listed, current);
    return current;
  };
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
