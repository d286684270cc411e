import type { BoundRequest } from "./request.ts";
import type { Tally } from "./tally.ts";

/**
 * Output tokens that no limit covers: what is not used of a predicted output, and pictures.
 *
 * Tokens of a picture: https://platform.openai.com/docs/guides/image-generation (cost and latency), for gpt-image-1,
 * its mini and 1.5 at their three sizes, 2026-11-28. The dearest size of each quality is taken.
 */
export function fixedOutput({ kind, model }: BoundRequest, tally: Tally, choices: number): number {
  if (kind === "images") return pictures(model, tally, choices);
  const prediction = tally.kept.get("prediction");
  return prediction === undefined ? 0 : (prediction.end - prediction.start) * choices;
}

const MODELS_WITH_PUBLISHED_TOKENS = /^gpt-image-1(?:-mini|\.5)?(?:-20\d\d-\d\d-\d\d)?$/;
const TOKENS_BY_QUALITY: ReadonlyMap<string, number> = new Map([
  ["low", 408],
  ["medium", 1584],
  ["high", 6240],
  ["auto", 6240],
]);
const PARTIAL_IMAGE_TOKENS = 100;
const MOST_PARTIAL_IMAGES = 3;

function pictures(model: string | null, tally: Tally, choices: number): number {
  if (!MODELS_WITH_PUBLISHED_TOKENS.test(model?.toLowerCase() ?? "")) {
    tally.refuse("model", "paints pictures whose tokens are not published");
  }
  const qualityNode = tally.kept.get("quality");
  const quality = qualityNode === undefined ? "auto" : tally.tree.text(qualityNode);
  const tokens = TOKENS_BY_QUALITY.get(quality ?? "");
  if (tokens === undefined) tally.refuse("quality", "is a quality whose tokens are not published");
  const partialNode = tally.kept.get("partial_images");
  const partial = partialNode === undefined ? 0 : tally.tree.count(partialNode);
  if (partial === undefined || partial > MOST_PARTIAL_IMAGES) {
    tally.refuse("partial_images", "is not a number from 0 to 3");
  }
  return choices * ((tokens ?? 0) + PARTIAL_IMAGE_TOKENS * MOST_PARTIAL_IMAGES);
}
