import { createHash } from "node:crypto";
import { z } from "zod";
import { AppError, parseJson } from "../kernel/index.ts";
import type { ListedModel, Match, Price, PriceList, PriceSet, PriceSnapshot } from "./price-data.ts";
import { rateOf } from "./rates.ts";

/** Where newer price data is kept; the composition root gives it a file. */
export interface PriceFile {
  /** `undefined` when there is none. */
  read(): string | undefined;
  /** Keeps what was there before as the previous snapshot. */
  write(text: string): void;
}

export interface RefreshOptions {
  /** The data as JSON text, in the form of genai-prices' `prices/new_data/v2/data.json`. */
  readonly text: string;
  readonly source: string;
  readonly current: PriceSnapshot;
  readonly file: PriceFile;
  /** Prices that change more than tenfold are taken only when this is true. */
  readonly acceptChanges: boolean;
}

/** Larger changes are more likely mistakes of the data than of the market. */
const LARGEST_CHANGE = 10n;
/** No token costs more than $10,000 a million. */
const LARGEST_USD = 10_000;
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
const MAX_SHOWN = 20;

/**
 * Checks newer price data and keeps it. Nothing is kept unless all of it is sound.
 * @throws AppError `invalid_input` for data that is not in this form or beyond bounds, `confirmation_needed` naming
 *   the models whose prices change more than tenfold.
 */
export function refreshPrices({ text, source, current, file, acceptChanges }: RefreshOptions): PriceSnapshot {
  const snapshot = readPrices(text, source);
  const changes = largeChanges(current, snapshot);
  if (changes.length > 0 && !acceptChanges) {
    throw new AppError("confirmation_needed", `${changes.length} prices change more than tenfold`, {
      hint: "look at them; if they are right, run again with --accept-changes",
      details: { models: changes.slice(0, MAX_SHOWN) },
    });
  }
  file.write(JSON.stringify({ source, data: parseJson(text) }));
  return snapshot;
}

/** The kept data, if there is some and it is sound; else what came with Ownkey. */
export function loadPrices(
  file: PriceFile,
  bundled: PriceSnapshot,
  onUnsound: (error: unknown) => void,
): PriceSnapshot {
  const text = file.read();
  if (text === undefined) return bundled;
  try {
    const kept = keptSchema.parse(JSON.parse(text));
    return readPrices(JSON.stringify(kept.data), kept.source);
  } catch (error) {
    onUnsound(error);
    return bundled;
  }
}

const keptSchema = z.object({ source: z.string(), data: z.unknown() });

function readPrices(text: string, source: string): PriceSnapshot {
  if (text.length > MAX_TEXT_BYTES) {
    throw new AppError(
      "invalid_input",
      `the price data has ${text.length} characters, more than ${MAX_TEXT_BYTES}`,
    );
  }
  const parsed = listsSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new AppError("invalid_input", `this is not price data: unexpected form at "${place}"`, {
      hint: "take prices/new_data/v2/data.json of the genai-prices repository",
    });
  }
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { version: `genai-prices ${hash}`, source, lists: parsed.data };
}

const amount = z
  .number()
  .min(0)
  .max(LARGEST_USD)
  .refine((value) => rateOf(value, 9) !== undefined);
const price: z.ZodType<Price> = z.union([
  amount,
  z.object({
    base: amount,
    tiers: z.array(z.object({ start: z.number().int().min(0), price: amount })).max(20),
  }),
]);
const priceSet: z.ZodType<PriceSet> = z.record(z.string(), price);
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const time = z.string().regex(/^\d\d:\d\d:\d\d/);
const constraint = z.union([
  z.object({ type: z.literal("start_date"), start_date: day }),
  z.object({ type: z.literal("time_of_date"), start_time: time, end_time: time }),
]);
const match: z.ZodType<Match> = z.lazy(() =>
  z.union([
    z.object({ or: z.array(match) }),
    z.object({ and: z.array(match) }),
    z.object({ equals: z.string() }),
    z.object({ starts_with: z.string() }),
    z.object({ ends_with: z.string() }),
    z.object({ contains: z.string() }),
    z.object({ regex: z.string() }),
  ]),
);
const model: z.ZodType<ListedModel> = z.object({
  id: z.string().min(1).max(200),
  match,
  name: z.string().optional(),
  prices: z.union([z.array(z.object({ constraint: constraint.optional(), prices: priceSet })), priceSet]),
});
const listsSchema: z.ZodType<PriceList[]> = z
  .array(z.object({ id: z.string().min(1), models: z.array(model) }))
  .min(1);

/** `list/model price` of every price that both snapshots have and that grows or falls more than tenfold. */
function largeChanges(before: PriceSnapshot, after: PriceSnapshot): string[] {
  return before.lists.flatMap((list) => {
    const next = after.lists.find(({ id }) => id === list.id);
    return list.models.flatMap((old) => {
      const now = next?.models.find(({ id }) => id === old.id);
      if (!now) return [];
      const oldAmounts = lastAmounts(old);
      return [...lastAmounts(now)]
        .filter(([name, value]) => isLargeChange(oldAmounts.get(name), value))
        .map(([name]) => `${list.id}/${old.id} ${name}`);
    });
  });
}

function isLargeChange(before: bigint | undefined, now: bigint): boolean {
  if (before === undefined) return false;
  return now > before * LARGEST_CHANGE || before > now * LARGEST_CHANGE;
}

/** The newest base prices of a model. */
function lastAmounts(listed: ListedModel): Map<string, bigint> {
  const prices: PriceSet = Array.isArray(listed.prices)
    ? (listed.prices.at(-1)?.prices ?? {})
    : (listed.prices as PriceSet);
  return new Map(
    Object.entries(prices).flatMap(([name, value]): [string, bigint][] => {
      const nanos = rateOf(typeof value === "object" ? value.base : (value ?? 0), 9);
      return nanos === undefined ? [] : [[name, nanos]];
    }),
  );
}
