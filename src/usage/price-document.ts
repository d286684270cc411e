import { formatTime, formatUsd } from "../kernel/index.ts";
import type { PriceOverride } from "./overrides.ts";
import type { PriceBook } from "./price-book.ts";
import type { PricedModel } from "./pricing.ts";
import type { Rates } from "./rates.ts";

/** US dollars per million tokens as decimal strings; `null` = not known. */
export interface PriceAmounts {
  inputUsdPerMillion: string | null;
  outputUsdPerMillion: string | null;
  cacheReadUsdPerMillion: string | null;
  cacheWrite5mUsdPerMillion: string | null;
  cacheWrite1hUsdPerMillion: string | null;
}

/** The document of `ownkey prices show`. */
export interface PriceDocument extends PriceAmounts {
  model: string;
  /** Where the price comes from, for people. */
  source: string;
  version: string;
  /** Total input from which dearer prices hold for the whole request; `null` when there is no such limit. */
  dearerFromInputTokens: number | null;
  /** Known names that begin like this one, when it is unpriced. */
  suggestions: string[];
}

export function priceDocument(book: PriceBook, model: PricedModel): PriceDocument {
  const finding = book.look(model);
  const table = "table" in finding ? finding.table : undefined;
  const common = {
    model: model.model,
    version: book.version,
    dearerFromInputTokens: table?.[1]?.fromInput ?? null,
    suggestions: finding.from === "nowhere" && finding.suggestion !== undefined ? [finding.suggestion] : [],
  };
  switch (finding.from) {
    case "override":
      return {
        ...common,
        ...amounts(table?.[0]?.rates),
        source: `your own price, set ${formatTime(finding.override.setAtMs)}`,
      };
    case "list":
      return {
        ...common,
        ...amounts(table?.[0]?.rates),
        source: `list "${finding.list}", model "${finding.listed.id}", from ${book.snapshot.source}`,
      };
    case "free":
      return { ...common, ...FREE, source: "runs on your own machine" };
    case "nowhere":
      return { ...common, ...amounts(undefined), source: "not in the price data" };
  }
}

/** One line of `ownkey prices list`. */
export interface OverrideDocument extends PriceAmounts {
  scope: string;
  model: string;
  createdAt: string;
}

export function overrideDocument(override: PriceOverride): OverrideDocument {
  return {
    scope: override.scope,
    model: override.model,
    createdAt: formatTime(override.setAtMs),
    inputUsdPerMillion: formatUsd(override.inputNanos),
    outputUsdPerMillion: formatUsd(override.outputNanos),
    cacheReadUsdPerMillion: usd(override.cacheReadNanos),
    cacheWrite5mUsdPerMillion: usd(override.cacheWrite5mNanos),
    cacheWrite1hUsdPerMillion: usd(override.cacheWrite1hNanos),
  };
}

const FREE: PriceAmounts = {
  inputUsdPerMillion: "0",
  outputUsdPerMillion: "0",
  cacheReadUsdPerMillion: "0",
  cacheWrite5mUsdPerMillion: "0",
  cacheWrite1hUsdPerMillion: "0",
};

function amounts(rates: Rates | undefined): PriceAmounts {
  return {
    inputUsdPerMillion: usd(rates?.input),
    outputUsdPerMillion: usd(rates?.output),
    cacheReadUsdPerMillion: usd(rates?.cacheRead),
    cacheWrite5mUsdPerMillion: usd(rates?.cacheWrite5m),
    cacheWrite1hUsdPerMillion: usd(rates?.cacheWrite1h),
  };
}

function usd(nanos: bigint | null | undefined): string | null {
  return nanos === null || nanos === undefined ? null : formatUsd(nanos);
}
