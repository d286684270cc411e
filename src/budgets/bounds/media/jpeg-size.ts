import { uint16At } from "./big-endian.ts";
import type { ImageSize } from "./size.ts";

/**
 * JPEG (ITU T.81): segments up to the frame header, which tells the size. Fill bytes before a marker and segments of
 * any application are passed over; a scan before a frame header is no picture. The frame header decides, not the size
 * that some metadata claims.
 */
export function jpegSize(bytes: Uint8Array): ImageSize | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  let at = 2;
  while (at < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined || marker === START_OF_SCAN || marker === END_OF_IMAGE) return undefined;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = uint16At(bytes, at);
    if (length === undefined || length < 2) return undefined;
    if (isFrame(marker)) {
      const height = uint16At(bytes, at + 3);
      const width = uint16At(bytes, at + 5);
      return width === undefined || height === undefined ? undefined : { width, height };
    }
    at += length;
  }
  return undefined;
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** SOF0 to SOF15, without DHT (c4), JPG (c8) and DAC (cc) that lie among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
