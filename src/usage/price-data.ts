/**
 * The form of price data, as `@pydantic/genai-prices` has it. Prices are decimal US dollars: `…_mtok` per million
 * tokens, `…_kcount` per thousand uses.
 */
export interface PriceList {
  readonly id: string;
  readonly models: readonly ListedModel[];
}

export interface ListedModel {
  readonly id: string;
  readonly match: Match;
  readonly name?: string | undefined;
  readonly prices: PriceSet | readonly ConditionalPrices[];
}

/** How the data's own engine recognises a model. Here only its exact names are taken from it. */
export type Match =
  | { readonly or: readonly Match[] }
  | { readonly and: readonly Match[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

export interface ConditionalPrices {
  readonly constraint?:
    | { readonly type: "start_date"; readonly start_date: string }
    | { readonly type: "time_of_date"; readonly start_time: string; readonly end_time: string }
    | undefined;
  readonly prices: PriceSet;
}

/** A price, or one that changes with the total input of the request: above `start` tokens the tier's holds. */
export type Price =
  | number
  | { readonly base: number; readonly tiers: readonly { readonly start: number; readonly price: number }[] };

export type PriceSet = Readonly<Record<string, Price | undefined>>;

/** One state of the price data. */
export interface PriceSnapshot {
  /** Names the state, for the ledger: `genai-prices 0.1.8`. */
  readonly version: string;
  /** Where it came from: a package, a file or a URL. */
  readonly source: string;
  readonly lists: readonly PriceList[];
}
