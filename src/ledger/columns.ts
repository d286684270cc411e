import { NANOS_PER_USD } from "../kernel/index.ts";
import type { ReservedAttempt, SettledAttempt } from "./ledger.ts";

export type ColumnValue = string | number | bigint | Uint8Array | null;

/** Longer names of models, tools, tiers and places are cut. */
export const MAX_NAME_LENGTH = 256;
/** Ten million dollars: no attempt costs more. */
export const LARGEST_AMOUNT_NANOS = 10_000_000n * NANOS_PER_USD;

/** Columns of `contexts`, in the order of {@link contextValues}: what repeats from reservation to reservation. */
export const CONTEXT_COLUMNS = [
  "virtual_key_id",
  "connection_id",
  "provider_key_id",
  "tool",
  "user",
  "team",
  "project",
  "provider",
  "dialect",
  "route",
  "stream",
  "model_requested",
  "price_version",
  "grants",
] as const;

export function contextValues(attempt: ReservedAttempt): ColumnValue[] {
  return [
    attempt.virtualKeyId,
    attempt.connectionId,
    attempt.providerKeyId,
    shortText(attempt.tool),
    attempt.user,
    attempt.team,
    attempt.project,
    attempt.provider,
    attempt.dialect,
    attempt.route,
    attempt.stream ? 1 : 0,
    shortText(attempt.modelRequested),
    attempt.priceVersion,
    attempt.grants.length === 0 ? null : attempt.grants.join(" "),
  ];
}

/** Whether two have one context. Names are compared as they came: two that are cut to the same are told apart. */
export function sameContext(one: ReservedAttempt, other: ReservedAttempt): boolean {
  return (
    one.virtualKeyId === other.virtualKeyId &&
    one.modelRequested === other.modelRequested &&
    one.route === other.route &&
    one.stream === other.stream &&
    one.connectionId === other.connectionId &&
    one.providerKeyId === other.providerKeyId &&
    one.tool === other.tool &&
    one.user === other.user &&
    one.team === other.team &&
    one.project === other.project &&
    one.provider === other.provider &&
    one.dialect === other.dialect &&
    one.priceVersion === other.priceVersion &&
    sameNumbers(one.grants, other.grants)
  );
}

function sameNumbers(ones: readonly number[], others: readonly number[]): boolean {
  return ones.length === others.length && ones.every((one, at) => one === others[at]);
}

/** Columns written by a reservation, in the order of {@link reservedValues}; in front of them id and context. */
export const RESERVED_COLUMNS = [
  "request_id",
  "attempt",
  "started_at",
  "bytes_in",
  "body_hash",
  "reserved_nanos",
] as const;

export function reservedValues(attempt: ReservedAttempt): ColumnValue[] {
  return [
    attempt.requestId,
    attempt.attempt,
    Math.trunc(attempt.startedAtMs),
    attempt.bytesIn,
    attempt.bodyHash,
    money(attempt.reservedNanos),
  ];
}

/** Columns of `outcomes`, in the order of {@link outcomeValues}: what repeats from settlement to settlement. */
export const OUTCOME_COLUMNS = [
  "end",
  "status",
  "verdict",
  "usage_known",
  "usage_clamped",
  "model_answered",
  "service_tier",
  "geo",
  "estimated",
] as const;

export function outcomeValues(settled: SettledAttempt): ColumnValue[] {
  return [
    settled.end,
    settled.status,
    settled.verdict,
    settled.usage === null ? 0 : 1,
    settled.usage?.clamped === true ? 1 : 0,
    shortText(settled.modelAnswered),
    shortText(settled.serviceTier),
    shortText(settled.geo),
    settled.estimated ? 1 : 0,
  ];
}

/** Whether two have one outcome. */
export function sameOutcome(one: SettledAttempt, other: SettledAttempt): boolean {
  return (
    one.end === other.end &&
    one.status === other.status &&
    one.verdict === other.verdict &&
    (one.usage === null) === (other.usage === null) &&
    one.usage?.clamped === other.usage?.clamped &&
    one.modelAnswered === other.modelAnswered &&
    one.serviceTier === other.serviceTier &&
    one.geo === other.geo &&
    one.estimated === other.estimated
  );
}

/** Columns written by a settlement, in the order of {@link settledValues}; in front of them the outcome. */
export const SETTLED_COLUMNS = [
  "ended_at",
  "input_uncached",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "output_reasoning",
  "audio_in",
  "audio_out",
  "tool_calls",
  "cost_nanos",
  "bytes_out",
  "first_byte_ms",
  "duration_ms",
] as const;

export function settledValues(settled: SettledAttempt): ColumnValue[] {
  const { usage } = settled;
  return [
    Math.trunc(settled.endedAtMs),
    usage?.inputUncached ?? null,
    usage?.cacheRead ?? null,
    usage?.cacheWrite5m ?? null,
    usage?.cacheWrite1h ?? null,
    usage?.output ?? null,
    usage?.outputReasoning ?? null,
    usage?.audioIn ?? null,
    usage?.audioOut ?? null,
    usage?.toolCalls ?? null,
    money(settled.costNanos),
    settled.bytesOut,
    wholeMs(settled.firstByteMs),
    wholeMs(settled.durationMs),
  ];
}

/** Names come from callers and providers, who must not fill the disk with them. */
function shortText(text: string | null): string | null {
  return text === null || text.length <= MAX_NAME_LENGTH ? text : `${text.slice(0, MAX_NAME_LENGTH - 1)}…`;
}

/** Beyond 64 bits SQLite would take an amount for a negative one. */
function money(nanos: bigint | null): bigint | null {
  if (nanos === null) return null;
  if (nanos < 0n) return 0n;
  return nanos > LARGEST_AMOUNT_NANOS ? LARGEST_AMOUNT_NANOS : nanos;
}

/** Durations come from a clock with fractions. */
function wholeMs(timeMs: number | null): number | null {
  return timeMs === null ? null : Math.round(timeMs);
}
