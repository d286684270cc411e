import type { Clock } from "./clock.ts";
import type { Randomness } from "./random.ts";

/** Crockford's alphabet in lower case: no i, l, o, u, so that ids survive being read aloud. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The kinds of records, as the prefix of their ids. */
export type IdPrefix = "conn" | "key" | "vk" | "req" | "slot" | "vault" | "blob" | "node" | "ses" | "tok";

export type NewId = (prefix: IdPrefix) => string;

/**
 * Makes ids like `key_01j9…`: 48 bits of time and 80 random bits. Unique without coordination; not a secret. Ids of
 * one maker sort in the order they were made: within a millisecond, or while the clock stands behind, the random part
 * counts up.
 */
export function idMaker(clock: Clock, randomness: Randomness): NewId {
  let lastMs = -1;
  let random: Uint8Array = new Uint8Array(RANDOM_BYTES);
  return (prefix) => {
    const nowMs = clock.nowMs();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      random = randomness(RANDOM_BYTES);
    } else {
      random = next(random);
    }
    return `${prefix}_${encodeTime(lastMs)}${encodeRandom(random)}`;
  };
}

const RANDOM_BYTES = 10;

/** The number that follows, big endian. */
function next(bytes: Uint8Array): Uint8Array {
  const following = Uint8Array.from(bytes);
  for (let i = following.length - 1; i >= 0; i--) {
    const byte = ((following[i] ?? 0) + 1) & 0xff;
    following[i] = byte;
    if (byte !== 0) break;
  }
  return following;
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
