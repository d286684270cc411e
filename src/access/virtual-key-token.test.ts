import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { systemRandomness } from "../kernel/index.ts";
import { parseCredential } from "./credential.ts";
import {
  isVirtualKeyToken,
  mintVirtualKeyToken,
  tokenHash,
  VIRTUAL_KEY_PREFIX,
} from "./virtual-key-token.ts";

const mint = () => mintVirtualKeyToken(systemRandomness);

test("a minted token has the documented form, and its hash is SHA-256", () => {
  const { token, hash, hint } = mint();
  const text = token.reveal();
  expect(text).toMatch(/^sk-ownkey-[0-9A-Za-z]{34}$/);
  expect(hash).toEqual(new Uint8Array(createHash("sha256").update(text).digest()));
  expect(hint).toBe(`${text.slice(0, 12)}…${text.slice(-4)}`);
  expect(parseCredential(text)).toEqual({ kind: "virtual_key", text });
});

test("the same randomness gives the same token: the format does not drift", () => {
  const counting = (size: number) => Uint8Array.from({ length: size }, (_, i) => i);
  const text = mintVirtualKeyToken(counting).token.reveal();
  expect(text.slice(VIRTUAL_KEY_PREFIX.length)).toBe("0123456789ABCDEFGHIJKLMNOPQRVWRf8x");
  expect(isVirtualKeyToken(text)).toBe(true);
});

test("bytes that would favour some characters are thrown away", () => {
  let calls = 0;
  const biased = (size: number) => new Uint8Array(size).fill(calls++ === 0 ? 255 : 61);
  expect(mintVirtualKeyToken(biased).token.reveal()).toContain("z".repeat(28));
  expect(calls).toBe(2);
});

test("ten thousand tokens differ", () => {
  const texts = new Set(Array.from({ length: 10_000 }, () => mint().token.reveal()));
  expect(texts.size).toBe(10_000);
});

test("any single changed, dropped, added or swapped character is noticed", () => {
  const text = mint().token.reveal();
  for (const [at, character] of Array.from(text).entries()) {
    const others = Array.from("0aAzZ9-_.~ ", (other) => text.slice(0, at) + other + text.slice(at + 1));
    const dropped = text.slice(0, at) + text.slice(at + 1);
    const swapped = text.slice(0, at) + (text[at + 1] ?? "") + character + text.slice(at + 2);
    for (const typo of [...others, dropped, swapped, `${text.slice(0, at)}x${text.slice(at)}`]) {
      expect(isVirtualKeyToken(typo)).toBe(typo === text);
    }
  }
});

test("what Ownkey never wrote is recognised as such", () => {
  const other = [
    "",
    "sk-",
    VIRTUAL_KEY_PREFIX,
    `sk-proj-${"a".repeat(40)}`,
    `${VIRTUAL_KEY_PREFIX}${"a".repeat(34)}`,
  ];
  for (const text of other) expect(parseCredential(text)).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
      expect(isVirtualKeyToken(text)).toBe(false);
      expect(tokenHash(text)).toHaveLength(32);
    }),
  );
});
