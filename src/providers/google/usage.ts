import {
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  type Usage,
} from "../../kernel/index.ts";
import { countAt, isGarbageAt, knownCounts, objectsAt, type SomeCounts, subtract } from "../counts.ts";
import { readOpenAiUsage } from "../openai-wire/usage.ts";
import type { RouteKind } from "../provider.ts";
import { mergeReading, type UsageReading } from "../usage.ts";

/**
 * Usage of Gemini. Each stream chunk has running totals, so the last one counts. Thoughts are billed besides the
 * candidates, tool-use prompt tokens besides the prompt; the prompt includes what came from the cache.
 */
export function readGoogleUsage(kind: RouteKind, piece: Json, isWhole: boolean): UsageReading | undefined {
  if (kind === "chat") return readOpenAiUsage(kind, piece, isWhole);
  if (kind !== "generate" && kind !== "embeddings" && kind !== "images") return undefined;
  // Without `alt=sse` a stream is one JSON list.
  if (Array.isArray(piece)) return readList(kind, piece);
  if (!isJsonObject(piece)) return undefined;
  return objectAt(piece, "usageMetadata") || kind === "generate"
    ? readAnswer(piece, isWhole)
    : readOpenAiUsage(kind, piece, isWhole);
}

function readList(kind: RouteKind, pieces: readonly Json[]): UsageReading | undefined {
  return pieces
    .map((piece) => (Array.isArray(piece) ? undefined : readGoogleUsage(kind, piece, false)))
    .filter((reading) => reading !== undefined)
    .reduce<UsageReading | undefined>((all, next) => (all ? mergeReading(all, next) : next), undefined);
}

function readAnswer(piece: JsonObject, isWhole: boolean): UsageReading | undefined {
  const figures = objectAt(piece, "usageMetadata");
  const usage: { -readonly [Name in keyof Usage]?: Usage[Name] } = figures ? countsOf(figures, piece) : {};
  const model = stringAt(piece, "modelVersion");
  const tier = figures && tierOf(figures);
  const isLeftOut = usage.inputUncached !== undefined && usage.output === undefined;
  const isLast = isWhole || isEnd(piece);
  // Zero is what is left out; that nothing was written has to be true.
  if (isLeftOut && isLast && hasWritten(piece)) usage.clamped = true;
  const reading: UsageReading = {
    ...(Object.keys(usage).length > 0 ? { usage } : {}),
    ...(isLeftOut ? { outputLeftOut: true } : {}),
    ...(model ? { modelAnswered: model } : {}),
    ...(tier ? { serviceTier: tier } : {}),
    ...(figures && isLast ? { final: true } : {}),
  };
  return Object.keys(reading).length > 0 ? reading : undefined;
}

/** A candidate holds a text or anything else that the model wrote. */
function hasWritten(piece: JsonObject): boolean {
  return objectsAt(piece, "candidates").some((candidate) =>
    objectsAt(objectAt(candidate, "content"), "parts").some((part) => part["text"] !== ""),
  );
}

function countsOf(figures: JsonObject, piece: JsonObject): Partial<Usage> {
  const prompt = countAt(figures, "promptTokenCount");
  const toolPrompt = countAt(figures, "toolUsePromptTokenCount") ?? 0;
  const cached = countAt(figures, "cachedContentTokenCount");
  const input = prompt === undefined ? undefined : prompt + toolPrompt;
  const [uncached, clamped] = input === undefined ? [undefined, false] : subtract(input, cached);
  return knownCounts({
    inputUncached: uncached,
    // Absent zeros are left out by the provider: a prompt without this field used no cache.
    cacheRead: cached ?? (prompt === undefined ? undefined : 0),
    ...outputOf(figures, input),
    audioIn: audioOf(figures, "promptTokensDetails"),
    audioOut: audioOf(figures, "candidatesTokensDetails"),
    toolCalls: searchesOf(piece),
    clamped: clamped || isGarbage(figures) || undefined,
  });
}

function isGarbage(figures: JsonObject): boolean {
  return isGarbageAt(
    figures,
    "promptTokenCount",
    "toolUsePromptTokenCount",
    "cachedContentTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
  );
}

/** What is zero is left out, and sometimes what is not: then the total tells. */
function outputOf(figures: JsonObject, input: number | undefined): SomeCounts {
  const written = countAt(figures, "candidatesTokenCount");
  const thoughts = countAt(figures, "thoughtsTokenCount");
  const total = countAt(figures, "totalTokenCount");
  const beyondInput = input === undefined || total === undefined ? 0 : total - input;
  if (written === undefined && thoughts === undefined && beyondInput <= 0) return {};
  return { output: Math.max((written ?? 0) + (thoughts ?? 0), beyondInput), outputReasoning: thoughts };
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
