import type { Randomness } from "../kernel/index.ts";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;
/** Bytes from here on are thrown away: the rest divides evenly among the digits. */
const LIMIT = 256 - (256 % BASE);

/** Evenly distributed letters and digits, log₂ 62 ≈ 5.95 bits each. */
export function randomBase62(length: number, randomness: Randomness): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomness(length - text.length)) {
      if (byte < LIMIT) text += DIGITS.charAt(byte % BASE);
    }
  }
  return text;
}

/** The number modulo 62^length, with leading zeros. */
export function toBase62(value: bigint, length: number): string {
  let rest = value;
  let text = "";
  for (let i = 0; i < length; i++) {
    text = DIGITS.charAt(Number(rest % BigInt(BASE))) + text;
    rest /= BigInt(BASE);
  }
  return text;
}
