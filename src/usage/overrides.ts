import { AppError, parseUsd } from "../kernel/index.ts";
import type { PricedModel } from "./pricing.ts";
import type { Rates } from "./rates.ts";

/**
 * A price that the user has set: contract prices, self-hosted models, regional prices, models that the price data
 * does not know yet. It goes before all data. Amounts are nano-dollars per million tokens.
 */
export interface PriceOverride {
  /** A connection's id, a provider or preset, or `*` for all. */
  readonly scope: string;
  /** The model's exact name as requests or answers give it. */
  readonly model: string;
  readonly inputNanos: bigint;
  readonly outputNanos: bigint;
  /** `null` = as input. */
  readonly cacheReadNanos: bigint | null;
  /** `null` = 1.25 times input. */
  readonly cacheWrite5mNanos: bigint | null;
  /** `null` = twice input. */
  readonly cacheWrite1hNanos: bigint | null;
  readonly setAtMs: number;
}

/** What `prices set` takes: US dollars per million tokens as decimal texts. */
export interface PriceOverrideInput {
  readonly scope: string;
  readonly model: string;
  readonly inputUsd: string;
  readonly outputUsd: string;
  readonly cacheReadUsd?: string | undefined;
  readonly cacheWrite5mUsd?: string | undefined;
  readonly cacheWrite1hUsd?: string | undefined;
}

/** @throws AppError `invalid_input` naming the amount that is no price. */
export function priceOverride(input: PriceOverrideInput, setAtMs: number): PriceOverride {
  if (input.model.trim() === "") throw new AppError("invalid_input", "the model's name is empty");
  const optional = (name: string, text: string | undefined) =>
    text === undefined ? null : amount(name, text);
  return {
    scope: input.scope.trim() || "*",
    model: input.model.trim().toLowerCase(),
    inputNanos: amount("input", input.inputUsd),
    outputNanos: amount("output", input.outputUsd),
    cacheReadNanos: optional("cache read", input.cacheReadUsd),
    cacheWrite5mNanos: optional("5-minute cache write", input.cacheWrite5mUsd),
    cacheWrite1hNanos: optional("1-hour cache write", input.cacheWrite1hUsd),
    setAtMs,
  };
}

/** The override for a model: of its connection, else of its preset or provider, else of all. */
export function overrideFor(
  overrides: readonly PriceOverride[],
  { connectionId, preset, provider, model }: PricedModel,
): PriceOverride | undefined {
  const name = model.trim().toLowerCase();
  for (const scope of [connectionId, preset ?? provider, "*"]) {
    const found = overrides.find((each) => each.scope === scope && each.model === name);
    if (found) return found;
  }
  return undefined;
}

export function overrideRates(override: PriceOverride): Rates {
  const input = override.inputNanos;
  return {
    input,
    cacheRead: override.cacheReadNanos ?? input,
    cacheWrite5m: override.cacheWrite5mNanos ?? (input * 5n) / 4n,
    cacheWrite1h: override.cacheWrite1hNanos ?? input * 2n,
    audioIn: input,
    audioCacheRead: override.cacheReadNanos ?? input,
    output: override.outputNanos,
    audioOut: override.outputNanos,
    toolCallNanos: 0n,
    requestNanos: 0n,
  };
}

function amount(name: string, usd: string): bigint {
  const nanos = parseUsd(usd);
  if (nanos !== undefined) return nanos;
  throw new AppError("invalid_input", `the ${name} price is not an amount of US dollars`, {
    hint: "write dollars per million tokens as a decimal number, such as 2.5",
  });
}
