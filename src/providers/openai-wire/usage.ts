import { isJsonObject, type Json, objectAt, stringAt, type Usage } from "../../kernel/index.ts";
import {
  countAt,
  countIn,
  isGarbageAt,
  knownCounts,
  objectsAt,
  type SomeCounts,
  subtract,
} from "../counts.ts";
import type { RouteKind } from "../provider.ts";
import type { UsageReading } from "../usage.ts";

/**
 * Usage in the OpenAI dialect, as far as one JSON answer or one stream event tells. Covers chat, completions,
 * embeddings, Responses, images and audio, and what compatible servers do differently (DeepSeek's cache fields,
 * Groq's `x_groq`, xAI's reasoning outside of completion tokens).
 */
export function readOpenAiUsage(kind: RouteKind, piece: Json, isWhole: boolean): UsageReading | undefined {
  if (kind === "other" || kind === "files" || kind === "models" || kind === "count_tokens") return undefined;
  if (!isJsonObject(piece)) return undefined;
  // Responses events wrap the response; everything else carries its figures at the top.
  const answer = objectAt(piece, "response") ?? piece;
  const figures = objectAt(answer, "usage") ?? objectAt(objectAt(answer, "x_groq"), "usage");
  const usage = figures ? countsOf(figures, answer) : {};
  const model = stringAt(answer, "model");
  const tier = stringAt(answer, "service_tier");
  const hasUsage = Object.keys(usage).length > 0;
  if (!hasUsage && !model && !tier && !figures) return undefined;
  const reading: { -readonly [Name in keyof UsageReading]: UsageReading[Name] } = {};
  if (hasUsage) reading.usage = usage;
  // Some servers tell running totals with every chunk: the last ones count, with all that is in them.
  if (usage.inputUncached !== undefined) reading.replaces = true;
  if (model) reading.modelAnswered = model;
  if (tier) reading.serviceTier = tier;
  if (figures) reading.final = isEnd(piece, answer, isWhole);
  return reading;
}

/** `prompt_tokens` and `completion_tokens`, or `input_tokens` and `output_tokens`: the same by two names. */
function countsOf(figures: Json, answer: Json): Partial<Usage> {
  const details = objectAt(figures, "prompt_tokens_details") ?? inputDetails(figures);
  const total = countAt(figures, "prompt_tokens", "input_tokens");
  const cacheRead = countAt(details, "cached_tokens") ?? countAt(figures, "prompt_cache_hit_tokens");
  const cacheWrite = countAt(details, "cache_write_tokens");
  const [uncached, clamped] =
    total === undefined ? [undefined, false] : subtract(total, cacheRead, cacheWrite);
  return knownCounts({
    inputUncached: uncached,
    cacheRead,
    cacheWrite5m: cacheWrite,
    cacheWrite1h: cacheWrite === undefined ? undefined : 0,
    audioIn: countAt(details, "audio_tokens"),
    ...outputOf(figures),
    toolCalls: webSearchesOf(answer),
    clamped: clamped || isGarbage(figures, details) || undefined,
  });
}

function isGarbage(figures: Json, details: Json | undefined): boolean {
  return (
    isGarbageAt(figures, "prompt_tokens", "input_tokens", "completion_tokens", "output_tokens") ||
    isGarbageAt(details, "cached_tokens", "cache_write_tokens", "audio_tokens")
  );
}

function inputDetails(figures: Json): Json | undefined {
  return objectAt(figures, "input_tokens_details") ?? objectAt(figures, "input_token_details");
}

function outputOf(figures: Json): SomeCounts {
  const group = objectAt(figures, "completion_tokens_details")
    ? "completion_tokens_details"
    : "output_tokens_details";
  const written = countAt(figures, "completion_tokens", "output_tokens");
  const reasoning = countIn(figures, group, "reasoning_tokens");
  return {
    output: written === undefined ? undefined : Math.max(written, beyondInput(figures)),
    outputReasoning: reasoning,
    audioOut: countIn(figures, group, "audio_tokens"),
  };
}

/** xAI and Gemini bill reasoning besides `completion_tokens`, and Gemini does not name it; the total tells. */
function beyondInput(figures: Json): number {
  const input = countAt(figures, "prompt_tokens", "input_tokens");
  const total = countAt(figures, "total_tokens");
  return input === undefined || total === undefined ? 0 : total - input;
}

function webSearchesOf(answer: Json): number | undefined {
  const searches = objectsAt(answer, "output").filter((item) => item["type"] === "web_search_call").length;
  return searches > 0 ? searches : undefined;
}

/** Whether figures found here are the last: a whole answer, a stream's usage chunk, or a `…completed` event. */
function isEnd(piece: Json, answer: Json, isWhole: boolean): boolean {
  if (answer !== piece) return /\.(?:completed|incomplete|failed)$/.test(stringAt(piece, "type") ?? "");
  if (isUnfinished(stringAt(piece, "status"))) return false;
  if (isWhole) return true;
  const choices = objectsAt(piece, "choices");
  return choices.length === 0 || choices.some((choice) => typeof choice["finish_reason"] === "string");
}

/** A response that runs in the background is answered before it has cost anything. */
function isUnfinished(status: string | undefined): boolean {
  return status === "queued" || status === "in_progress";
}
