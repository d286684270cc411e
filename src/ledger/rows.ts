import { AppError, type Usage } from "../kernel/index.ts";
import { grantsOf } from "./charges.ts";
import type { ColumnValue } from "./columns.ts";
import type { AttemptEnd, ReservedAttempt, SettledAttempt } from "./ledger.ts";

/** One attempt as it stands in a ledger. */
export interface AttemptRow extends ReservedAttempt {
  /** Which gateway process wrote it: the ledger's file name without its ending. */
  readonly instance: string;
  /** `null` while the attempt is under way. */
  readonly settled: SettledAttempt | null;
}

/** A row as read with integers as bigint. */
export type RawRow = Readonly<Record<string, ColumnValue>>;

export function attemptOf(row: RawRow, instance: string): AttemptRow {
  return {
    instance,
    requestId: text(row, "request_id"),
    attempt: integer(row, "attempt"),
    startedAtMs: integer(row, "started_at"),
    virtualKeyId: text(row, "virtual_key_id"),
    connectionId: text(row, "connection_id"),
    providerKeyId: text(row, "provider_key_id"),
    tool: textOrNull(row, "tool"),
    user: textOrNull(row, "user"),
    team: textOrNull(row, "team"),
    project: textOrNull(row, "project"),
    provider: text(row, "provider"),
    dialect: text(row, "dialect"),
    route: text(row, "route"),
    stream: row["stream"] === 1n,
    modelRequested: textOrNull(row, "model_requested"),
    bytesIn: integer(row, "bytes_in"),
    bodyHash: row["body_hash"] instanceof Uint8Array ? row["body_hash"] : null,
    reservedNanos: bigintOrNull(row, "reserved_nanos"),
    priceVersion: textOrNull(row, "price_version"),
    grants: grantsOf(textOrNull(row, "grants")),
    settled: row["ended_at"] === null ? null : settledOf(row),
  };
}

function settledOf(row: RawRow): SettledAttempt {
  return {
    endedAtMs: integer(row, "ended_at"),
    end: text(row, "end") as AttemptEnd,
    status: integerOrNull(row, "status"),
    verdict: textOrNull(row, "verdict"),
    usage: row["usage_known"] === 1n ? usageOf(row) : null,
    modelAnswered: textOrNull(row, "model_answered"),
    serviceTier: textOrNull(row, "service_tier"),
    geo: textOrNull(row, "geo"),
    costNanos: bigintOrNull(row, "cost_nanos"),
    estimated: row["estimated"] === 1n,
    bytesOut: integer(row, "bytes_out"),
    firstByteMs: integerOrNull(row, "first_byte_ms"),
    durationMs: integer(row, "duration_ms"),
  };
}

function usageOf(row: RawRow): Usage {
  const usage: Usage = {
    inputUncached: integerOrNull(row, "input_uncached"),
    cacheRead: integerOrNull(row, "cache_read"),
    cacheWrite5m: integerOrNull(row, "cache_write_5m"),
    cacheWrite1h: integerOrNull(row, "cache_write_1h"),
    output: integerOrNull(row, "output"),
    outputReasoning: integerOrNull(row, "output_reasoning"),
    audioIn: integerOrNull(row, "audio_in"),
    audioOut: integerOrNull(row, "audio_out"),
    toolCalls: integerOrNull(row, "tool_calls"),
  };
  return row["usage_clamped"] === 1n ? { ...usage, clamped: true } : usage;
}

function text(row: RawRow, column: string): string {
  return textOrNull(row, column) ?? damaged(column);
}

export function textOrNull(row: RawRow, column: string): string | null {
  const value = row[column];
  return value === null || typeof value === "string" ? value : damaged(column);
}

function integer(row: RawRow, column: string): number {
  return integerOrNull(row, column) ?? damaged(column);
}

function integerOrNull(row: RawRow, column: string): number | null {
  const value = bigintOrNull(row, column);
  return value === null ? null : Number(value);
}

export function bigintOrNull(row: RawRow, column: string): bigint | null {
  const value = row[column];
  return value === null || typeof value === "bigint" ? value : damaged(column);
}

function damaged(column: string): never {
  throw new AppError("corrupt", `the column "${column}" of a ledger holds something unexpected`, {
    hint: "restore a backup with: ownkey backup restore FILE",
  });
}
