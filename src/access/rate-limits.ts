import { AppError, isJsonObject, type Json } from "../kernel/index.ts";

/** How much may be asked for; what is absent is not limited. Each is a whole number above 0. */
export interface RateLimits {
  /** In any 60 seconds. */
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** In any 24 hours. */
  readonly requestsPerDay?: number;
  readonly tokensPerDay?: number;
  /** At the same time. */
  readonly concurrency?: number;
}

export const RATE_LIMIT_NAMES = [
  "requestsPerMinute",
  "tokensPerMinute",
  "requestsPerDay",
  "tokensPerDay",
  "concurrency",
] as const satisfies readonly (keyof RateLimits)[];

export const MAX_RATE_LIMIT = 1_000_000_000_000;

/** Changes to limits: what is absent stays, `null` ends a limit. */
export type RateLimitChanges = { readonly [Name in keyof RateLimits]?: number | null | undefined };

/** `null` when nothing is limited, so that a request without limits costs one comparison. */
export function changedRateLimits(before: RateLimits | null, changes: RateLimitChanges): RateLimits | null {
  const kept = RATE_LIMIT_NAMES.flatMap((name) => {
    const value = changes[name] === undefined ? before?.[name] : changes[name];
    return value === undefined || value === null ? [] : [[name, value] as const];
  });
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** Reads stored limits. @throws AppError `corrupt` for a limit it does not know: it must not count for nothing. */
export function parseRateLimits(value: Json | undefined): RateLimits | null {
  if (value === null || value === undefined) return null;
  if (!isJsonObject(value)) throw damaged();
  for (const [name, limit] of Object.entries(value)) {
    const isKnown = (RATE_LIMIT_NAMES as readonly string[]).includes(name);
    if (!isKnown || !isRateLimit(limit)) throw damaged();
  }
  return value;
}

/** @throws AppError `invalid_input`. */
export function assertRateLimits(limits: RateLimits | null): void {
  for (const name of RATE_LIMIT_NAMES) {
    const limit = limits?.[name];
    if (limit === undefined || isRateLimit(limit)) continue;
    throw new AppError("invalid_input", `"${name}" is not a whole number from 1 to ${MAX_RATE_LIMIT}`, {
      hint: "to refuse everything, disable the virtual key instead",
    });
  }
}

function isRateLimit(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_RATE_LIMIT;
}

function damaged(): AppError {
  return new AppError("corrupt", "stored rate limits are not readable", {
    hint: "a newer Ownkey may have written them; else restore a backup with: ownkey backup restore FILE",
  });
}
