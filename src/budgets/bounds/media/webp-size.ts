import { hasText } from "./big-endian.ts";
import type { ImageSize } from "./size.ts";

/** WebP (RFC 9649): a RIFF file whose first chunk is VP8 (lossy), VP8L (lossless) or VP8X (extended). Little-endian. */
export function webpSize(bytes: Uint8Array): ImageSize | undefined {
  if (!hasText(bytes, 0, "RIFF") || !hasText(bytes, 8, "WEBP") || bytes.length < 30) return undefined;
  const at = (index: number) => bytes[index] ?? 0;
  if (hasText(bytes, 12, "VP8X")) {
    return {
      width: 1 + at(24) + at(25) * 256 + at(26) * 65_536,
      height: 1 + at(27) + at(28) * 256 + at(29) * 65_536,
    };
  }
  if (hasText(bytes, 12, "VP8L") && at(20) === 0x2f) {
    return {
      width: 1 + at(21) + (at(22) & 0x3f) * 256,
      height: 1 + (at(22) >> 6) + at(23) * 4 + (at(24) & 0x0f) * 1024,
    };
  }
  if (hasText(bytes, 12, "VP8 ") && at(23) === 0x9d && at(24) === 0x01 && at(25) === 0x2a) {
    return { width: at(26) + (at(27) & 0x3f) * 256, height: at(28) + (at(29) & 0x3f) * 256 };
  }
  return undefined;
}
