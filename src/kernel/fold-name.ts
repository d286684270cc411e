/** Case-folded as the most tolerant readers do (`ſ` is an `s`, the Kelvin sign a `k`), without `_` and `-`. */
export function foldName(name: string): string {
  // Nearly all names are of small letters and underscores: for each member of a long conversation that has to be quick.
  let folded = "";
  let from = 0;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === UNDERSCORE) {
      folded += name.slice(from, at);
      from = at + 1;
    } else if (code < LOWER_A || code > LOWER_Z) {
      return name.toUpperCase().toLowerCase().replaceAll(/[_-]/g, "");
    }
  }
  return from === 0 ? name : folded + name.slice(from);
}

/** Of names that have to be made a text to be folded. */
export const NOT_ASCII = -1;

/**
 * A hash of a name's bytes that is the same for all names which {@link foldName} makes one; {@link NOT_ASCII} where
 * bytes alone do not tell. For telling that a name is none of some, without making a text of it.
 */
export function foldedHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > LAST_ASCII) return NOT_ASCII;
    if (byte === UNDERSCORE || byte === HYPHEN) continue;
    const isCapital = byte >= UPPER_A && byte <= UPPER_Z;
    hash = (Math.imul(hash, HASH_FACTOR) + (isCapital ? byte + LOWER_A - UPPER_A : byte)) | 0;
  }
  return hash >>> 0;
}

const HASH_FACTOR = 31;
const LAST_ASCII = 0x7f;
const HYPHEN = 0x2d;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const UNDERSCORE = 0x5f;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
