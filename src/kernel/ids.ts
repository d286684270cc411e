import type { Clock } from "./clock.ts";
import type { Randomness } from "./random.ts";

/** Crockford's alphabet in lower case: no i, l, o, u, so that ids survive being read aloud. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The kinds of records, as the prefix of their ids. */
export type IdPrefix =
  | "conn"
  | "key"
  | "vk"
  | "req"
  | "slot"
  | "vault"
  | "blob"
  | "node"
  | "ses"
  | "tok"
  | "bud"
  | "lim"
  | "evt";

export type NewId = (prefix: IdPrefix) => string;

/**
 * Makes ids like `key_01j9…`: 48 bits of time and 80 random bits. Unique without coordination; not a secret. Ids of
 * one maker sort in the order they were made: within a millisecond, or while the clock stands behind, the random part
 * counts up.
 */
export function idMaker(clock: Clock, randomness: Randomness): NewId {
  let lastMs = -1;
  /** Time and the first 60 random bits as text: they stay while the last 20 bits count up. */
  let stem = "";
  let count = 0;
  const begin = (nowMs: number) => {
    const random = randomness(RANDOM_BYTES);
    lastMs = nowMs;
    stem = encodeTime(nowMs) + encodeBits(random.subarray(0, STEM_BYTES));
    count = (((random[7] ?? 0) << 16) | ((random[8] ?? 0) << 8) | (random[9] ?? 0)) & LARGEST_COUNT;
  };
  return (prefix) => {
    const nowMs = clock.nowMs();
    if (nowMs > lastMs) begin(nowMs);
    // A stem that is used up is followed by that of the next millisecond.
    else if (count === LARGEST_COUNT) begin(lastMs + 1);
    else count++;
    return `${prefix}_${stem}${digit(count >> 15)}${digit(count >> 10)}${digit(count >> 5)}${digit(count)}`;
  };
}

const RANDOM_BYTES = 10;
/** The first twelve characters take 60 bits of these 64. */
const STEM_BYTES = 8;
const STEM_CHARACTERS = 12;
const LARGEST_COUNT = 0xfffff;

function digit(bits: number): string {
  return ALPHABET[bits & 31] ?? "";
}

function encodeTime(timeMs: number): string {
  let rest = timeMs;
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = digit(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Five bits a character, the first bits first. */
function encodeBits(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      text += digit(bits >> bitCount);
    }
    bits &= 0xff;
  }
  return text.slice(0, STEM_CHARACTERS);
}
