import { AppError, formatUsd, parseUsd } from "../kernel/index.ts";
import { PERIOD_UNITS, type PeriodUnit } from "./calendar/period.ts";

/** What a budget allows, as people write it: `20usd/month`, `0.000436usd/day`, `5usd/week`, `100usd/lifetime`. */
export interface Amount {
  readonly limitNanos: bigint;
  readonly unit: PeriodUnit;
}

/** @throws AppError `invalid_input`. */
export function parseAmount(text: string): Amount {
  const [money = "", period, ...rest] = text.trim().toLowerCase().split("/");
  const limitNanos = nanosIn(money);
  const unit = PERIOD_UNITS.find((one) => one === period);
  if (limitNanos !== undefined && unit !== undefined && rest.length === 0) return { limitNanos, unit };
  throw new AppError("invalid_input", "this is not an amount for a period", {
    hint: "write it like 20usd/month, 0.5usd/day, 5usd/week or 100usd/lifetime; at most nine decimals",
  });
}

/** A sum without a period: `3.20usd`, `$3.2` or `3.2`. @throws AppError `invalid_input`. */
export function parseMoney(text: string): bigint {
  const nanos = nanosIn(text.trim().toLowerCase());
  if (nanos !== undefined) return nanos;
  throw new AppError("invalid_input", "this is not an amount of money", {
    hint: "write it like 3.20usd; at most nine decimals",
  });
}

export function formatAmount({ limitNanos, unit }: Amount): string {
  return `${formatUsd(limitNanos)}usd/${unit}`;
}

function nanosIn(text: string): bigint | undefined {
  const match = /^\$?([0-9.]+)\s*(?:usd)?$/.exec(text);
  return match ? parseUsd(match[1] ?? "") : undefined;
}
