/**
 * The recovery code: 160 random bits for a sheet of paper. 32 characters of Crockford's base 32 (no I, L, O, U), then
 * 4 of a checksum (the first 20 bits of SHA-256 over "ownkey recovery code 1" and the 20 bytes), in groups of six:
 *
 *     7K9QXM-2D4FGH-JKMNPQ-RSTVWX-YZ0123-456ABC
 *
 * Read without regard to case, dashes and blanks; o is 0, i and l are 1. It needs no slow derivation: nobody guesses
 * 160 bits.
 */
import { concatBytes, utf8 } from "../../kernel/index.ts";
import { hkdfSha256, KEY_BYTES, sha256 } from "../primitives.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LABEL = utf8("ownkey recovery code 1");
export const RECOVERY_BYTES = 20;
const CODE_CHARS = 32;
const CHECK_CHARS = 4;

export function formatRecoveryCode(bytes: Uint8Array): string {
  const text = base32(bytes) + checksum(bytes);
  return (text.match(/.{6}/g) ?? []).join("-");
}

/** `undefined` for a typing error: wrong length, a strange character, or the wrong checksum. */
export function parseRecoveryCode(text: string): Uint8Array | undefined {
  const plain = text.toUpperCase().replace(/[-\s]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  if (plain.length !== CODE_CHARS + CHECK_CHARS) return undefined;
  const bytes = fromBase32(plain.slice(0, CODE_CHARS));
  return bytes && checksum(bytes) === plain.slice(CODE_CHARS) ? bytes : undefined;
}

export function recoveryKey(bytes: Uint8Array): Uint8Array {
  return hkdfSha256(bytes, new Uint8Array(), LABEL, KEY_BYTES);
}

function checksum(bytes: Uint8Array): string {
  return base32(sha256(concatBytes(LABEL, bytes)).subarray(0, 5)).slice(0, CHECK_CHARS);
}

/** Five bytes are eight characters. */
function base32(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  const chars = (bytes.length * 8) / 5;
  return Array.from({ length: chars }, (_, at) =>
    ALPHABET.charAt(Number((bits >> BigInt(5 * (chars - 1 - at))) & 31n)),
  ).join("");
}

function fromBase32(text: string): Uint8Array | undefined {
  let bits = 0n;
  for (const char of text) {
    const value = ALPHABET.indexOf(char);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  return new Uint8Array(Buffer.from(bits.toString(16).padStart((text.length * 5) / 4, "0"), "hex"));
}
