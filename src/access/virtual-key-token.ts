/**
 * The text of a virtual key:
 *
 *     sk-ownkey- + 28 random characters (166 bits) + 6 characters of checksum, all base62
 *
 * The checksum is the first 5 bytes of SHA-256 over everything before it, as a number modulo 62⁶: a typo, and what
 * merely looks like a key, is recognised without asking anybody. With that much randomness a plain SHA-256 is all
 * that the store needs to keep.
 *
 * `sk-ownkey-t-` begins a tool token (tool-token.ts); base62 has no `-`, so the two are never confused.
 */
import { createHash } from "node:crypto";
import { type Randomness, Secret } from "../kernel/index.ts";
import { randomBase62, toBase62 } from "./base62.ts";

export const VIRTUAL_KEY_PREFIX = "sk-ownkey-";

const RANDOM_CHARS = 28;
const CHECKSUM_CHARS = 6;
const SHAPE = new RegExp(`^${VIRTUAL_KEY_PREFIX}[0-9A-Za-z]{${RANDOM_CHARS + CHECKSUM_CHARS}}$`);

export interface MintedToken {
  /** Shown once. */
  readonly token: Secret;
  /** What is stored: {@link tokenHash}. */
  readonly hash: Uint8Array;
  /** For people, to tell keys apart: `sk-ownkey-ab…wxyz`. */
  readonly hint: string;
}

export function mintVirtualKeyToken(randomness: Randomness): MintedToken {
  const body = VIRTUAL_KEY_PREFIX + randomBase62(RANDOM_CHARS, randomness);
  const text = body + checksumOf(body);
  return { token: new Secret(text), hash: tokenHash(text), hint: hintOf(text) };
}

/** Whether the text is a whole virtual key with the right checksum; says nothing about whether it was ever issued. */
export function isVirtualKeyToken(text: string): boolean {
  if (!SHAPE.test(text)) return false;
  return checksumOf(text.slice(0, -CHECKSUM_CHARS)) === text.slice(-CHECKSUM_CHARS);
}

/** SHA-256 of the whole token. For every request: `Bun.SHA256` takes a tenth of the time of `createHash`. */
export function tokenHash(text: string): Uint8Array {
  const hash = new Uint8Array(32);
  Bun.SHA256.hash(text, hash);
  return hash;
}

function hintOf(text: string): string {
  return `${text.slice(0, VIRTUAL_KEY_PREFIX.length + 2)}…${text.slice(-4)}`;
}

function checksumOf(body: string): string {
  return toBase62(
    BigInt(`0x${createHash("sha256").update(body).digest("hex").slice(0, 10)}`),
    CHECKSUM_CHARS,
  );
}
