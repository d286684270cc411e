import { createHash } from "node:crypto";
import { AppError, parseJson } from "../kernel/index.ts";
import type { ListedModel, PriceSet, PriceSnapshot } from "./price-data.ts";
import type { RefreshOptions } from "./price-file.ts";
import { keptPricesSchema, priceListsSchema } from "./price-schema.ts";
import { rateOf } from "./rates.ts";

/** Larger changes are more likely mistakes of the data than of the market. */
const LARGEST_CHANGE = 10n;
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

/** Data as {@link refreshPrices} kept it. @throws when it is not sound. */
export function readKeptPrices(text: string): PriceSnapshot {
  const kept = keptPricesSchema.parse(JSON.parse(text));
  return readPrices(JSON.stringify(kept.data), kept.source);
}

function readPrices(text: string, source: string): PriceSnapshot {
  if (text.length > MAX_TEXT_BYTES) {
    throw new AppError(
      "invalid_input",
      `the price data has ${text.length} characters, more than ${MAX_TEXT_BYTES}`,
    );
  }
  const parsed = priceListsSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new AppError("invalid_input", `this is not price data: unexpected form at "${place}"`, {
      hint: "take prices/new_data/v2/data.json of the genai-prices repository",
    });
  }
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { version: `genai-prices ${hash}`, source, lists: parsed.data };
}

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
