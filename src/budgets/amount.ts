import { AppError, formatUsd, parseUsd } from "../kernel/index.ts";
import { PERIOD_UNITS, type PeriodUnit } from "./calendar/period.ts";

/** What a budget allows, as people write it: `20usd/month`, `0.000436usd/day`, `5usd/week`, `100usd/lifetime`. */
export interface Amount {
  readonly limitNanos: bigint;
  readonly unit: PeriodUnit;
}

/** @throws AppError `invalid_input`. */
export function parseAmount(text: string): Amount {
  const match = /^\$?([0-9.]+)\s*(?:usd)?\/([a-z]+)$/.exec(text.trim().toLowerCase());
  const limitNanos = match && parseUsd(match[1] ?? "");
  const unit = PERIOD_UNITS.find((one) => one === match?.[2]);
  if (typeof limitNanos === "bigint" && unit !== undefined) return { limitNanos, unit };
  throw new AppError("invalid_input", "this is not an amount for a period", {
    hint: "write it like 20usd/month, 0.5usd/day, 5usd/week or 100usd/lifetime; at most nine decimals",
  });
}

export function formatAmount({ limitNanos, unit }: Amount): string {
  return `${formatUsd(limitNanos)}usd/${unit}`;
}
