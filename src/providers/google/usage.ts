import {
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  type Usage,
} from "../../kernel/index.ts";
import { countAt, knownCounts, objectsAt, type SomeCounts, subtract } from "../counts.ts";
import { readOpenAiUsage } from "../openai-wire/usage.ts";
import type { RouteKind } from "../provider.ts";
import { mergeReading, type UsageReading } from "../usage.ts";

/**
 * Usage of Gemini. Each stream chunk has running totals, so the last one counts. Thoughts are billed besides the
 * candidates, tool-use prompt tokens besides the prompt; the prompt includes what came from the cache.
 */
export function readGoogleUsage(kind: RouteKind, piece: Json): UsageReading | undefined {
  if (kind === "chat") return readOpenAiUsage(kind, piece);
  if (kind !== "generate" && kind !== "embeddings" && kind !== "images") return undefined;
  // Without `alt=sse` a stream is one JSON list.
  if (Array.isArray(piece)) return readList(kind, piece);
  if (!isJsonObject(piece)) return undefined;
  return objectAt(piece, "usageMetadata") || kind === "generate"
    ? readAnswer(piece)
    : readOpenAiUsage(kind, piece);
}

function readList(kind: RouteKind, pieces: readonly Json[]): UsageReading | undefined {
  return pieces
    .map((piece) => (Array.isArray(piece) ? undefined : readGoogleUsage(kind, piece)))
    .filter((reading) => reading !== undefined)
    .reduce<UsageReading | undefined>((all, next) => (all ? mergeReading(all, next) : next), undefined);
}

function readAnswer(piece: JsonObject): UsageReading | undefined {
  const figures = objectAt(piece, "usageMetadata");
  const usage = figures ? countsOf(figures, piece) : {};
  const model = stringAt(piece, "modelVersion");
  const tier = figures && tierOf(figures);
  const reading: UsageReading = {
    ...(Object.keys(usage).length > 0 ? { usage } : {}),
    ...(model ? { modelAnswered: model } : {}),
    ...(tier ? { serviceTier: tier } : {}),
    ...(figures && isEnd(piece) ? { final: true } : {}),
  };
  return Object.keys(reading).length > 0 ? reading : undefined;
}

function countsOf(figures: JsonObject, piece: JsonObject): Partial<Usage> {
  const prompt = countAt(figures, "promptTokenCount");
  const toolPrompt = countAt(figures, "toolUsePromptTokenCount") ?? 0;
  const cached = countAt(figures, "cachedContentTokenCount");
  const [uncached, clamped] =
    prompt === undefined ? [undefined, false] : subtract(prompt + toolPrompt, cached);
  return knownCounts({
    inputUncached: uncached,
    // Absent zeros are left out by the provider: a prompt without this field used no cache.
    cacheRead: cached ?? (prompt === undefined ? undefined : 0),
    ...outputOf(figures),
    audioIn: audioOf(figures, "promptTokensDetails"),
    audioOut: audioOf(figures, "candidatesTokensDetails"),
    toolCalls: searchesOf(piece),
    clamped: clamped || undefined,
  });
}

function outputOf(figures: JsonObject): SomeCounts {
  const written = countAt(figures, "candidatesTokenCount");
  const thoughts = countAt(figures, "thoughtsTokenCount");
  if (written === undefined && thoughts === undefined) return {};
  return { output: (written ?? 0) + (thoughts ?? 0), outputReasoning: thoughts };
}

function audioOf(figures: JsonObject, name: string): number | undefined {
  const details = objectsAt(figures, name);
  return countAt(
    details.find((detail) => detail["modality"] === "AUDIO"),
    "tokenCount",
  );
}

function searchesOf(piece: JsonObject): number | undefined {
  const counts = objectsAt(piece, "candidates").map((candidate) => {
    const queries = objectAt(candidate, "groundingMetadata")?.["webSearchQueries"];
    return Array.isArray(queries) ? queries.length : 0;
  });
  const searches = counts.reduce((sum, count) => sum + count, 0);
  return searches > 0 ? searches : undefined;
}

/** `trafficType` names the tier that was really used, which may be lower than the one asked for. */
function tierOf(figures: JsonObject): string | undefined {
  const traffic = stringAt(figures, "trafficType");
  return (
    stringAt(figures, "serviceTier")?.toLowerCase() ?? (traffic && (TIER_OF_TRAFFIC[traffic] ?? traffic))
  );
}

const TIER_OF_TRAFFIC: Readonly<Record<string, string>> = {
  ON_DEMAND: "standard",
  ON_DEMAND_FLEX: "flex",
  ON_DEMAND_PRIORITY: "priority",
};

/** A chunk that gives a reason to stop, or a refusal of the prompt, is the last with figures. */
function isEnd(piece: JsonObject): boolean {
  const stopped = objectsAt(piece, "candidates").some(
    (candidate) => typeof candidate["finishReason"] === "string",
  );
  return stopped || stringAt(objectAt(piece, "promptFeedback"), "blockReason") !== undefined;
}
