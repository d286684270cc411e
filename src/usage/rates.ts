import { type NanosPerMillion, scaledDecimal } from "../kernel/index.ts";
import type { ListedModel, Price, PriceSet } from "./price-data.ts";

/** Prices of one request, in nano-dollars per million tokens (uses: per single use). `null` = not told. */
export interface Rates {
  readonly input: NanosPerMillion;
  readonly cacheRead: NanosPerMillion;
  readonly cacheWrite5m: NanosPerMillion;
  readonly cacheWrite1h: NanosPerMillion;
  readonly audioIn: NanosPerMillion | null;
  /** Of sound that comes from the cache. */
  readonly audioCacheRead: NanosPerMillion;
  readonly output: NanosPerMillion | null;
  readonly audioOut: NanosPerMillion | null;
  /** Per web search. */
  readonly toolCallNanos: bigint;
  /** Per request. */
  readonly requestNanos: bigint;
}

/** Dollars have nine places as nano-dollars; a price per thousand uses has six per use. */
const PER_MILLION_PLACES = 9;
const PER_THOUSAND_PLACES = 6;

/** $10 per 1,000 web searches, the price of OpenAI and Anthropic, where a list names none. */
const WEB_SEARCH_NANOS = 10_000_000n;

/** Rates by total input: each entry holds from that many input tokens, cache included, up to the next entry. */
export type RateTable = readonly { readonly fromInput: number; readonly rates: Rates }[];

/**
 * The rates of one price set. Where the price changes with the context, a request beyond the limit is priced by the
 * dearer rates as a whole. `undefined` when the set does not tell a token price, or one that is no exact decimal.
 */
export function rateTable(prices: PriceSet, modelId: string): RateTable | undefined {
  const table = tierInputs(prices).flatMap((fromInput) => {
    const rates = ratesOf(prices, modelId, fromInput);
    return rates ? [{ fromInput, rates }] : [];
  });
  return table.length === 0 ? undefined : table;
}

export function ratesFor(table: RateTable, totalInput: number): Rates | undefined {
  return table.findLast(({ fromInput }) => totalInput >= fromInput)?.rates;
}

/**
 * Where kinds of tokens differ in price and usage does not tell them apart (pictures), the dearest is taken: a price
 * may be too high, never too low. Sound costs what text costs where a list has no price for it, but not with models that
 * are made for sound: their price is then not known.
 */
function ratesOf(prices: PriceSet, modelId: string, totalInput: number): Rates | undefined {
  const at = (name: string, places = PER_MILLION_PLACES) => rateAt(prices[name], totalInput, places);
  const text = at("input_mtok");
  if (text === undefined) return undefined;
  const input = largest(text, at("input_image_mtok") ?? 0n);
  const output = at("output_mtok") ?? null;
  const dearestOutput =
    output === null ? null : largest(output, at("output_image_mtok") ?? 0n, at("output_video_mtok") ?? 0n);
  const madeForSound = /audio|realtime|live|tts|transcribe/.test(modelId);
  return {
    input,
    cacheRead: at("cache_read_mtok") ?? input,
    cacheWrite5m: at("cache_write_mtok") ?? (input * 5n) / 4n,
    cacheWrite1h: at("cache_write_1h_mtok") ?? input * 2n,
    audioCacheRead: at("cache_audio_read_mtok") ?? at("cache_read_mtok") ?? input,
    audioIn: at("input_audio_mtok") ?? (madeForSound ? null : input),
    output: dearestOutput,
    audioOut: at("output_audio_mtok") ?? (madeForSound ? null : dearestOutput),
    toolCallNanos: at("web_searches_kcount", PER_THOUSAND_PLACES) ?? WEB_SEARCH_NANOS,
    requestNanos: at("requests_kcount", PER_THOUSAND_PLACES) ?? 0n,
  };
}

/** Rates of a list at a time: the last entry whose condition holds, as the data is written to be read. */
export function pricesAt(model: ListedModel, atMs: number): PriceSet[] {
  if (!isConditional(model.prices)) return [model.prices];
  const entry = model.prices.findLast(({ constraint }) => holds(constraint, atMs));
  return entry ? [entry.prices] : [];
}

/** No request lasts longer, unless the settings let it. */
const LONGEST_REQUEST_MS = 2 * 3_600_000;

/**
 * All prices that a request sent at this time may meet until it ends: those of any hour, and what holds beside them
 * now and then.
 */
export function pricesAround(model: ListedModel, atMs: number): PriceSet[] {
  if (!isConditional(model.prices)) return [model.prices];
  const isHourly = ({ constraint }: { constraint?: Constraint }) => constraint?.type === "time_of_date";
  const others = model.prices.filter((entry) => !isHourly(entry));
  const lasting = [atMs, atMs + LONGEST_REQUEST_MS].flatMap(
    (timeMs) => others.findLast(({ constraint }) => holds(constraint, timeMs)) ?? [],
  );
  return [...new Set([...lasting, ...model.prices.filter(isHourly)])].map(({ prices }) => prices);
}

/** Total inputs at which some price changes. A tier holds for more tokens than its start. */
function tierInputs(prices: PriceSet): number[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === "object" ? price.tiers.map(({ start }) => start + 1) : [],
  );
  return [...new Set([0, ...starts])].sort((a, b) => a - b);
}

export function largest(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((most, next) => (next > most ? next : most), first);
}

function rateAt(price: Price | undefined, totalInput: number, places: number): bigint | undefined {
  if (price === undefined) return undefined;
  if (typeof price === "number") return rateOf(price, places);
  const tier = price.tiers.filter(({ start }) => totalInput > start).sort((a, b) => b.start - a.start)[0];
  return rateOf(tier?.price ?? price.base, places);
}

/** As an integer; what is finer than that is rounded up. `undefined` for what is no price. */
export function rateOf(usd: number, places: number): bigint | undefined {
  const exact = scaledDecimal(usd, places);
  if (exact !== undefined) return exact;
  const finer = scaledDecimal(usd, places + FINER_PLACES);
  return finer === undefined ? undefined : finer / 10n ** BigInt(FINER_PLACES) + 1n;
}

const FINER_PLACES = 20;

/** Whether a model's prices change with the date or the hour. */
export function isConditional(
  prices: ListedModel["prices"],
): prices is Exclude<ListedModel["prices"], PriceSet> {
  return Array.isArray(prices);
}

type Constraint = Exclude<ListedModel["prices"], PriceSet>[number]["constraint"];

function holds(constraint: Constraint, atMs: number): boolean {
  if (!constraint) return true;
  if (constraint.type === "start_date") return atMs >= Date.parse(`${constraint.start_date}T00:00:00Z`);
  const time = new Date(atMs).toISOString().slice(11, 19);
  const start = constraint.start_time.slice(0, 8);
  const end = constraint.end_time.slice(0, 8);
  return start <= end ? time >= start && time < end : time >= start || time < end;
}
