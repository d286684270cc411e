import { gifSize } from "./gif-size.ts";
import { jpegSize } from "./jpeg-size.ts";
import { pngSize } from "./png-size.ts";
import type { ImageSize, SizeReader } from "./size.ts";
import { webpSize } from "./webp-size.ts";

const READERS: readonly SizeReader[] = [pngSize, jpegSize, gifSize, webpSize];

/**
 * The size of a PNG, JPEG, GIF or WebP file, whatever type is claimed for it. `undefined` for anything else, for a
 * beginning that is too short, and for sizes that cannot be: what no bound may be reckoned from.
 */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  for (const reader of READERS) {
    const size = reader(bytes);
    if (size !== undefined) return isReal(size) ? size : undefined;
  }
  return undefined;
}

/** 65,535 is what JPEG can say at the most; no provider takes a longer edge. */
const LONGEST_EDGE = 65_535;

function isReal({ width, height }: ImageSize): boolean {
  return width > 0 && height > 0 && width <= LONGEST_EDGE && height <= LONGEST_EDGE;
}
