import type { AppError } from "../kernel/index.ts";
import { formatTime } from "../kernel/index.ts";
import type { Dialect } from "../providers/index.ts";

/**
 * What the provider of this dialect tells of its own limits in headers, told of ours: limit, what is left and when it
 * is whole again. Only a refusal of ours has them; answers of providers keep the provider's own.
 */
export function rateHeaders(
  { details }: Pick<AppError, "details">,
  dialect: Dialect,
  nowMs: number,
): Readonly<Record<string, string>> {
  if (details === undefined) return {};
  const numbers = (unit: string) => {
    const of = (part: string) => details[`${unit}${part}`];
    const [limit, remaining, resetMs] = [of("Limit"), of("Remaining"), of("ResetMs")];
    return typeof limit === "number" && typeof remaining === "number" && typeof resetMs === "number"
      ? { limit, remaining, resetMs }
      : undefined;
  };
  const headers: Record<string, string> = {};
  for (const unit of ["requests", "tokens"] as const) {
    const told = numbers(unit);
    if (told !== undefined) Object.assign(headers, HEADERS[dialect](unit, told, nowMs));
  }
  return headers;
}

interface Told {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

type Headers = (unit: "requests" | "tokens", told: Told, nowMs: number) => Record<string, string>;

const HEADERS: Readonly<Record<Dialect, Headers>> = {
  openai: (unit, { limit, remaining, resetMs }) => ({
    [`x-ratelimit-limit-${unit}`]: String(limit),
    [`x-ratelimit-remaining-${unit}`]: String(remaining),
    [`x-ratelimit-reset-${unit}`]: duration(resetMs),
  }),
  anthropic: (unit, { limit, remaining, resetMs }, nowMs) => ({
    [`anthropic-ratelimit-${unit}-limit`]: String(limit),
    [`anthropic-ratelimit-${unit}-remaining`]: String(remaining),
    // Whole seconds, and not too early.
    [`anthropic-ratelimit-${unit}-reset`]: formatTime(Math.ceil((nowMs + resetMs) / 1000) * 1000).replace(
      ".000",
      "",
    ),
  }),
  // It has none; the body tells.
  google: () => ({}),
};

/** As OpenAI writes it: `120ms`, `6s`, `1m0s`, `2h3m4s`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
