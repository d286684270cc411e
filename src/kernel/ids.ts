import type { Clock } from "./clock.ts";
import type { Randomness } from "./random.ts";

/** Crockford's alphabet in lower case: no i, l, o, u, so that ids survive being read aloud. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The kinds of records, as the prefix of their ids. */
export type IdPrefix = "conn" | "key" | "vk" | "req" | "slot" | "vault" | "blob" | "node" | "tok";

export type NewId = (prefix: IdPrefix) => string;

/**
 * Makes ids like `key_01j9…`: 48 bits of time, so that ids sort by creation, and 80 random bits.
 * Unique without coordination; not a secret.
 */
export function idMaker(clock: Clock, randomness: Randomness): NewId {
  return (prefix) => `${prefix}_${encodeTime(clock.nowMs())}${encodeRandom(randomness(10))}`;
}

function encodeTime(timeMs: number): string {
  let rest = timeMs;
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Five bits a character, the first bits first. */
function encodeRandom(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      text += ALPHABET.charAt((bits >> bitCount) & 31);
    }
    bits &= 0xff;
  }
  return text;
}
