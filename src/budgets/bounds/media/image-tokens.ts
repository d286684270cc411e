import type { ImageSize } from "./size.ts";

/** How many tokens a picture costs at the most, by its size. */
export type ImageRule = (size: ImageSize) => number;

/** The dearest of several: what is written and what was measured do not always agree. */
export function dearestOf(...rules: readonly ImageRule[]): ImageRule {
  return (size) => Math.max(...rules.map((rule) => rule(size)));
}

/**
 * OpenAI's tiles at high detail: shrunk to fit 2048 x 2048, then to a shorter edge of 768, and each begun square of
 * 512 counts. Low detail costs `base` alone.
 */
export function tiles(base: number, perTile: number): ImageRule {
  return (size) => {
    const fitted = shrunk(size, Math.min(1, 2048 / Math.max(size.width, size.height)));
    const small = shrunk(fitted, Math.min(1, 768 / Math.min(fitted.width, fitted.height)));
    return base + perTile * Math.ceil(small.width / 512) * Math.ceil(small.height / 512);
  };
}

/** OpenAI's patches: each begun square of 32 counts, shrunk to at most `most` of them, times a factor of the model. */
export function patches(percent: number, most: number): ImageRule {
  return (size) => Math.ceil((Math.min(squares(size, 32), most) * percent) / 100);
}

/** Anthropic's visual tokens: each begun square of 28, shrunk to at most `most` of them. */
export function visualTokens(most: number): ImageRule {
  return (size) => Math.min(squares(size, 28), most);
}

/**
 * Gemini: 258 for each tile, whose edge is the shorter edge of the picture by 1.5, between 256 and 768; or what
 * `media_resolution` sets, which is at most `most`.
 */
export function geminiTiles(most: number): ImageRule {
  return (size) => {
    const edge = Math.min(768, Math.max(256, Math.floor(Math.min(size.width, size.height) / 1.5)));
    return Math.max(most, 258 * squares(size, edge));
  };
}

function squares({ width, height }: ImageSize, edge: number): number {
  return Math.ceil(width / edge) * Math.ceil(height / edge);
}

/** Rounded up: a bound may be too high by a row of pixels, never too low. */
function shrunk({ width, height }: ImageSize, scale: number): ImageSize {
  return { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
}
