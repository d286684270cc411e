import { remember } from "../kernel/index.ts";
import { dearestFactor, factorOf } from "./factors.ts";
import { type ModelNames, modelNames } from "./model-names.ts";
import type { Multiplier } from "./multipliers.ts";
import { overrideFor, type PriceOverride } from "./overrides.ts";
import type { ListedModel, PriceSnapshot } from "./price-data.ts";
import { listsFor } from "./price-lists.ts";
import type { PricedModel } from "./pricing.ts";

/** Where a model's price was found. */
export type Found =
  | { readonly from: "override"; readonly override: PriceOverride }
  | { readonly from: "list"; readonly list: string; readonly listed: ListedModel }
  | { readonly from: "free" }
  | { readonly from: "nowhere"; readonly suggest: () => string | undefined };

/** What holds for one model on one day. */
export interface ModelPrice {
  readonly found: Found;
  /** Of an answer's tier and place; `undefined` for a tier whose price is not known. */
  readonly factorOf: (tier: string | null, geo: string | null) => bigint | undefined;
  /** The dearest that an answer may turn out to have. */
  readonly dearestFactor: bigint;
}

const DAY_MS = 86_400_000;
/** Names come from callers and providers: what is kept of them is bounded. */
const MOST_MODELS = 1000;
const MOST_FACTORS = 50;

/**
 * Finds what one state of prices says of a model, and keeps it: factors change with the day at the most, and looking
 * up takes longer than reckoning.
 */
export function priceFinder(
  snapshot: PriceSnapshot,
  overrides: readonly PriceOverride[],
  multipliers: readonly Multiplier[],
): (model: PricedModel) => ModelPrice {
  const names = new Map<string, ModelNames | undefined>();
  const kept = new Map<string, ModelPrice>();

  /** A list is read when the first of its models is asked for. */
  const namesOf = (id: string): ModelNames | undefined => {
    if (!names.has(id)) {
      const list = snapshot.lists.find((one) => one.id === id);
      names.set(id, list && modelNames(list));
    }
    return names.get(id);
  };

  const find = (model: PricedModel): Found => {
    const override = overrideFor(overrides, model);
    if (override) return { from: "override", override };
    const lists = listsFor(model);
    if (lists === "free") return { from: "free" };
    for (const list of lists) {
      const listed = namesOf(list)?.find(model.model);
      if (listed) return { from: "list", list, listed };
    }
    const suggest = () => lists.map((list) => namesOf(list)?.suggest(model.model)).find(Boolean);
    return { from: "nowhere", suggest };
  };

  const priceOf = (model: PricedModel): ModelPrice => {
    const factors = new Map<string, bigint | undefined>();
    return {
      found: find(model),
      dearestFactor: dearestFactor(multipliers, model),
      factorOf(tier, geo) {
        const name = JSON.stringify([tier, geo]);
        return (
          factors.get(name) ??
          remember(factors, MOST_FACTORS, name, factorOf(multipliers, { ...model, tier, geo }))
        );
      },
    };
  };

  /** Nearly every request asks for what the one before asked for, and is asked for twice itself. */
  let last: { day: number; model: PricedModel; price: ModelPrice } | undefined;
  const isLast = (day: number, model: PricedModel): boolean =>
    last !== undefined &&
    last.day === day &&
    last.model.model === model.model &&
    last.model.connectionId === model.connectionId &&
    last.model.provider === model.provider &&
    last.model.preset === model.preset;

  return (model) => {
    const day = Math.floor(model.atMs / DAY_MS);
    if (last !== undefined && isLast(day, model)) return last.price;
    const key = [day, model.provider, model.preset, model.connectionId, model.model].join("\n");
    const price = kept.get(key) ?? remember(kept, MOST_MODELS, key, priceOf(model));
    last = { day, model, price };
    return price;
  };
}
