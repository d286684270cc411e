import {
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  type Usage,
} from "../../kernel/index.ts";
import { countAt, countIn, isGarbageAt, knownCounts } from "../counts.ts";
import type { RouteKind } from "../provider.ts";
import type { UsageReading } from "../usage.ts";

/**
 * Usage of the Messages API. `input_tokens` excludes the cache. In streams `message_start` gives the input side,
 * each `message_delta` running totals that replace it; `message_stop` ends.
 */
export function readAnthropicUsage(kind: RouteKind, piece: Json): UsageReading | undefined {
  if (kind !== "messages" || !isJsonObject(piece)) return undefined;
  switch (stringAt(piece, "type")) {
    case "message_start":
      return readMessage(objectAt(piece, "message"), false);
    case "message":
      return readMessage(piece, true);
    case "message_delta":
      return readDelta(piece);
    case "message_stop":
      return { final: true };
    default:
      return undefined;
  }
}

function readMessage(message: JsonObject | undefined, final: boolean): UsageReading | undefined {
  const figures = objectAt(message, "usage");
  const model = stringAt(message, "model");
  if (!figures) return model ? { modelAnswered: model } : undefined;
  return {
    usage: { ...countsOf(figures), ...cacheWritesOf(figures) },
    ...marksOf(figures),
    ...(model ? { modelAnswered: model } : {}),
    ...(final ? { final } : {}),
  };
}

/** A delta names cache writes only as a sum: the split into lifetimes came with `message_start`. */
function readDelta(piece: JsonObject): UsageReading | undefined {
  const figures = objectAt(piece, "usage");
  if (!figures) return undefined;
  const split = objectAt(figures, "cache_creation") !== undefined;
  const total = countAt(figures, "cache_creation_input_tokens");
  return {
    usage: { ...countsOf(figures), ...(split ? cacheWritesOf(figures) : {}) },
    ...(split || total === undefined ? {} : { cacheWriteTotal: total }),
    ...marksOf(figures),
    ...(stringAt(objectAt(piece, "delta"), "stop_reason") ? { final: true } : {}),
  };
}

function countsOf(figures: JsonObject): Partial<Usage> {
  return knownCounts({
    inputUncached: countAt(figures, "input_tokens"),
    cacheRead: countAt(figures, "cache_read_input_tokens"),
    output: countAt(figures, "output_tokens"),
    outputReasoning: countIn(figures, "output_tokens_details", "thinking_tokens"),
    toolCalls: countIn(figures, "server_tool_use", "web_search_requests"),
    clamped: isGarbage(figures) || undefined,
  });
}

function isGarbage(figures: JsonObject): boolean {
  return (
    isGarbageAt(
      figures,
      "input_tokens",
      "cache_read_input_tokens",
      "cache_creation_input_tokens",
      "output_tokens",
    ) ||
    isGarbageAt(objectAt(figures, "cache_creation"), "ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens")
  );
}

/** Without the split, writes are five-minute ones: that is the default lifetime. */
function cacheWritesOf(figures: JsonObject): Partial<Usage> {
  const split = objectAt(figures, "cache_creation");
  const total = countAt(figures, "cache_creation_input_tokens");
  const hour = countAt(split, "ephemeral_1h_input_tokens");
  const fiveMinutes = countAt(split, "ephemeral_5m_input_tokens");
  if (hour === undefined && fiveMinutes === undefined) {
    return knownCounts({ cacheWrite5m: total, cacheWrite1h: total === undefined ? undefined : 0 });
  }
  return { cacheWrite5m: fiveMinutes ?? 0, cacheWrite1h: hour ?? 0 };
}

/** Fast mode is told by `speed`, not by the tier, and has its own price. */
function marksOf(figures: JsonObject): Pick<UsageReading, "serviceTier" | "geo"> {
  const tier = stringAt(figures, "speed") === "fast" ? "fast" : stringAt(figures, "service_tier");
  const geo = stringAt(figures, "inference_geo");
  return { ...(tier ? { serviceTier: tier } : {}), ...(geo ? { geo } : {}) };
}
