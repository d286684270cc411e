import { hasText } from "./big-endian.ts";
import type { ImageSize } from "./size.ts";

/**
 * GIF89a: the logical screen, or the first frame where it reaches beyond it, as some decoders then take its size.
 * Numbers are little-endian. Providers take one frame.
 */
export function gifSize(bytes: Uint8Array): ImageSize | undefined {
  if (!hasText(bytes, 0, "GIF87a") && !hasText(bytes, 0, "GIF89a")) return undefined;
  const frameAt = firstFrame(bytes);
  const screen = [uint16(bytes, 6), uint16(bytes, 8)] as const;
  const corner = [uint16(bytes, frameAt + 1), uint16(bytes, frameAt + 3)] as const;
  const frame = [uint16(bytes, frameAt + 5), uint16(bytes, frameAt + 7)] as const;
  if ([...screen, ...corner, ...frame].some((value) => value < 0)) return undefined;
  return {
    width: Math.max(screen[0], corner[0] + frame[0]),
    height: Math.max(screen[1], corner[1] + frame[1]),
  };
}

/** Where the first image descriptor stands; behind the end when there is none. */
function firstFrame(bytes: Uint8Array): number {
  const flags = bytes[10] ?? 0;
  let at = 13 + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1));
  while (bytes[at] === EXTENSION) {
    at += 2;
    for (let length = bytes[at]; length !== undefined && length > 0; length = bytes[at]) at += length + 1;
    at++;
  }
  return bytes[at] === IMAGE ? at : bytes.length;
}

const EXTENSION = 0x21;
const IMAGE = 0x2c;

/** -1 behind the end. */
function uint16(bytes: Uint8Array, at: number): number {
  const low = bytes[at];
  const high = bytes[at + 1];
  return low === undefined || high === undefined ? -1 : low + high * 256;
}
