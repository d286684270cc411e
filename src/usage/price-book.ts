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
import type { CostInput, PricedModel, Pricing } from "./pricing.ts";
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
  | { readonly from: "override"; readonly override: PriceOverride; readonly table: RateTable | undefined }
  | {
      readonly from: "list";
      readonly list: string;
      readonly listed: ListedModel;
      /** `undefined` when the list holds no token price for it. */
      readonly table: RateTable | undefined;
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
  const tables = new WeakMap<PriceSet, { table: RateTable | undefined }>();
  let { snapshot } = options;
  let overrides = options.overrides ?? [];
  let names = namesOf(snapshot);
  let version = versionOf(snapshot, overrides);
  let known = new Map<string, Known>();

  const changed = () => {
    version = versionOf(snapshot, overrides);
    known = new Map();
  };

  const tableOf = (prices: PriceSet, modelId: string): RateTable | undefined => {
    let entry = tables.get(prices);
    if (!entry) tables.set(prices, (entry = { table: rateTable(prices, modelId) }));
    return entry.table;
  };

  const find = (model: PricedModel): Found => {
    const override = overrideFor(overrides, model);
    if (override)
      return { from: "override", override, table: [{ fromInput: 0, rates: overrideRates(override) }] };
    const lists = listsFor(model);
    if (lists === "free") return { from: "free" };
    for (const list of lists) {
      const listed = names.get(list)?.find(model.model);
      if (listed) return { from: "list", list, listed };
    }
    return { from: "nowhere", lists };
  };

  /** What is known of a model does not change within a day but by {@link changed}; looking it up again is slow. */
  const lookUp = (model: PricedModel): Known => {
    const day = Math.floor(model.atMs / DAY_MS);
    const key = [day, model.provider, model.preset, model.connectionId, model.model].join("\n");
    let entry = known.get(key);
    if (!entry) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(
        key,
        (entry = { found: find(model), factors: new Map(), dearest: dearestFactor(multipliers, model) }),
      );
    }
    return entry;
  };

  const tablesOf = (
    found: Priced,
    pricesOf: (listed: ListedModel) => readonly PriceSet[],
  ): readonly RateTable[] => {
    if (found.from === "override") return [found.table];
    return pricesOf(found.listed)
      .map((prices) => tableOf(prices, found.listed.id))
      .filter((table) => table !== undefined);
  };

  const factorFor = ({ factors }: Known, input: CostInput): bigint | undefined => {
    const tier = input.batch ? "batch" : input.serviceTier;
    const key = `${tier}\n${input.geo}`;
    if (!factors.has(key)) {
      if (factors.size >= MOST_FACTORS) factors.clear();
      factors.set(key, factorOf(multipliers, { ...input, tier }));
    }
    return factors.get(key);
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
      names = namesOf(snapshot);
      changed();
    },

    look(model) {
      const { found } = lookUp(model);
      if (found.from === "free") return found;
      if (found.from === "nowhere") {
        const suggestion = found.lists.map((list) => names.get(list)?.suggest(model.model)).find(Boolean);
        return { from: "nowhere", suggestion };
      }
      return { ...found, table: tablesOf(found, (listed) => pricesAt(listed, model.atMs))[0] };
    },

    cost(input) {
      const { usage } = input;
      const entry = lookUp(input);
      const { found } = entry;
      if (found.from === "free") return 0n;
      // Figures that contradict each other, or none at all, have no price.
      if (usage.clamped === true || (usage.inputUncached === null && usage.output === null)) return null;
      if (found.from === "nowhere") return null;
      const table = tablesOf(found, (listed) => pricesAt(listed, input.atMs))[0];
      const rates = table && ratesFor(table, totalInput(usage));
      const factor = factorFor(entry, input);
      return factor === undefined || !rates ? null : costOfUsage(usage, rates, factor);
    },

    bound(input) {
      if (FREE_KINDS.has(input.kind)) return 0n;
      const { found, dearest: factor } = lookUp(input);
      if (found.from === "free") return 0n;
      if (found.from === "nowhere") return null;
      const outputTokens = WITHOUT_OUTPUT.has(input.kind)
        ? 0
        : (input.outputLimit ?? largestOutput(input.model)) * Math.max(input.choices, 1);
      const bounds = tablesOf(found, (listed) => pricesAround(listed, input.atMs))
        .flat()
        .map(({ rates }) => boundAt(rates, input.bodyBytes, outputTokens, factor));
      return dearest(bounds);
    },
  };
}

type Priced =
  | { readonly from: "override"; readonly override: PriceOverride; readonly table: RateTable }
  | { readonly from: "list"; readonly list: string; readonly listed: ListedModel };
type Found =
  | Priced
  | { readonly from: "free" }
  | { readonly from: "nowhere"; readonly lists: readonly string[] };

interface Known {
  readonly found: Found;
  /** By tier and place. */
  readonly factors: Map<string, bigint | undefined>;
  readonly dearest: bigint;
}

const DAY_MS = 86_400_000;
/** Names come from callers and providers: what is kept of them is bounded. */
const MOST_KNOWN = 1000;
const MOST_FACTORS = 50;

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
