import { hasText, uint32At } from "./big-endian.ts";
import type { ImageSize } from "./size.ts";

/** PNG (RFC 2083): the signature, then the IHDR chunk with width and height. */
export function pngSize(bytes: Uint8Array): ImageSize | undefined {
  if (!hasText(bytes, 0, "\x89PNG\r\n\x1a\n") || !hasText(bytes, 12, "IHDR")) return undefined;
  const width = uint32At(bytes, 16);
  const height = uint32At(bytes, 20);
  return width === undefined || height === undefined ? undefined : { width, height };
}
