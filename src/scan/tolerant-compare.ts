/**
 * Compares a known key with a text that may have written it in another way: percent-encoded, escaped as in JSON, or
 * wrapped onto several lines or strings. It is the key that says what must come next, so nothing is ever guessed.
 */
import { textOfPart } from "../kernel/index.ts";
import type { Form } from "./finding.ts";
import { escapeAt, escapeBefore, LONGEST_ESCAPE, LONGEST_WRAP, wrapAt, wrapBefore } from "./spelling.ts";

export interface Compared {
  readonly start: number;
  readonly end: number;
  /** How it was written where that was not as it is. */
  readonly written: Form | undefined;
}

/** Whether the key's bytes from `offset` on stand at `at`, and its other ones before and after. */
export function compareAround(
  bytes: Uint8Array,
  at: number,
  key: Uint8Array,
  offset: number,
): Compared | undefined {
  const after = forward(bytes, at, key, offset);
  if (!after) return undefined;
  const before = backward(bytes, at, key, offset);
  if (!before) return undefined;
  return { start: before.at, end: after.at, written: before.written ?? after.written };
}

interface Reached {
  readonly at: number;
  readonly written: Form | undefined;
}

function forward(bytes: Uint8Array, from: number, key: Uint8Array, offset: number): Reached | undefined {
  let at = from;
  let written: Form | undefined;
  for (let next = offset; next < key.length;) {
    if (bytes[at] === key[next]) {
      at++;
      next++;
      continue;
    }
    const text = textOfPart(bytes, at, Math.min(bytes.length, at + LONGEST_WRAP), "latin1");
    const escaped = escapeAt(text);
    if (escaped?.byte === key[next] && escaped !== undefined) {
      at += escaped.length;
      next++;
      written ??= escaped.form;
      continue;
    }
    const wrap = wrapAt(text);
    // A wrap before the first character is no part of the key.
    if (wrap === 0 || at === from) return undefined;
    at += wrap;
    written ??= "wrapped";
  }
  return { at, written };
}

function backward(bytes: Uint8Array, from: number, key: Uint8Array, offset: number): Reached | undefined {
  let at = from;
  let written: Form | undefined;
  for (let next = offset - 1; next >= 0;) {
    const escaped = escapeBefore(textBefore(bytes, at, LONGEST_ESCAPE));
    if (escaped?.byte === key[next] && escaped !== undefined) {
      at -= escaped.length;
      next--;
      written ??= escaped.form;
    } else if (at > 0 && bytes[at - 1] === key[next]) {
      at--;
      next--;
    } else {
      const wrap = wrapBefore(textBefore(bytes, at, LONGEST_WRAP));
      if (wrap === 0) return undefined;
      at -= wrap;
      written ??= "wrapped";
    }
  }
  return { at, written };
}

function textBefore(bytes: Uint8Array, at: number, chars: number): string {
  return textOfPart(bytes, Math.max(0, at - chars), at, "latin1");
}
