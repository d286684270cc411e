/**
 * Compares a known key with a text that may have written it in another way: percent-encoded, escaped as in JSON, or
 * wrapped onto several lines or strings. It is the key that says what must come next, so nothing is ever guessed.
 */
import { textOfPart } from "../kernel/index.ts";
import type { Form } from "./finding.ts";

export interface Compared {
  readonly start: number;
  readonly end: number;
  /** How it was written where that was not as it is. */
  readonly written: Form | undefined;
}

/** What may stand between two characters of a key that goes on in the next line or string. */
const WRAP = String.raw`(?:=|\\|["'\x60][ \t]{0,8}[+.,\\]?)?[ \t]{0,8}(?:\r?\n|\\r\\n|\\n)[ \t]{0,40}(?:[>#*|/+.]{1,3}[ \t]{0,8})?["'\x60]?|["'\x60][ \t]{0,8}[+.]?[ \t]{0,8}["'\x60]`;
const WRAP_HERE = new RegExp(WRAP, "y");
const WRAP_BEFORE = new RegExp(`(?:${WRAP})$`);
const LONGEST_WRAP = 80;

/** One character, escaped; with more backslashes in JSON within JSON. */
const ESCAPED = String.raw`%([0-9A-Fa-f]{2})|\\{1,7}u00([0-9A-Fa-f]{2})|\\{1,7}x([0-9A-Fa-f]{2})|\\{1,7}([/"'\\])`;
const ESCAPED_HERE = new RegExp(ESCAPED, "y");
const ESCAPED_BEFORE = new RegExp(`(?:${ESCAPED})$`);
const LONGEST_ESCAPE = 12;

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
    const escaped = escapeIn(execAt(ESCAPED_HERE, text));
    if (escaped?.byte === key[next] && escaped !== undefined) {
      at += escaped.length;
      next++;
      written ??= escaped.form;
      continue;
    }
    const wrap = execAt(WRAP_HERE, text)?.[0].length ?? 0;
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
    const escaped = escapeIn(ESCAPED_BEFORE.exec(textBefore(bytes, at, LONGEST_ESCAPE)));
    if (escaped?.byte === key[next] && escaped !== undefined) {
      at -= escaped.length;
      next--;
      written ??= escaped.form;
    } else if (at > 0 && bytes[at - 1] === key[next]) {
      at--;
      next--;
    } else {
      const wrap = WRAP_BEFORE.exec(textBefore(bytes, at, LONGEST_WRAP))?.[0].length ?? 0;
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

function execAt(pattern: RegExp, text: string): RegExpExecArray | null {
  pattern.lastIndex = 0;
  return pattern.exec(text);
}

function escapeIn(found: RegExpExecArray | null): { byte: number; length: number; form: Form } | undefined {
  if (!found) return undefined;
  const [whole, percent, unicode, hex, plain] = found;
  const code = percent ?? unicode ?? hex;
  return {
    byte: code === undefined ? (plain ?? "").charCodeAt(0) : Number.parseInt(code, 16),
    length: whole.length,
    form: percent === undefined ? "json" : "url",
  };
}
