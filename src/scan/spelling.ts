/**
 * How texts write a character of a key in another way, percent-encoded or escaped as in JSON and shells, and how a key
 * goes on in the next line or string.
 */
import type { Form } from "./finding.ts";

/** What may stand between two characters of a key that goes on in the next line or string. */
const WRAP = String.raw`(?:=|\\|["'\x60][ \t]{0,8}[+.,\\]?)?[ \t]{0,8}(?:\r?\n|\\r\\n|\\n)[ \t]{0,40}(?:[>#*|/+.]{1,3}[ \t]{0,8})?["'\x60]?|["'\x60][ \t]{0,8}[+.]?[ \t]{0,8}["'\x60]`;
const WRAP_HERE = new RegExp(WRAP, "y");
const WRAP_BEFORE = new RegExp(`(?:${WRAP})$`);
export const LONGEST_WRAP = 80;

/** One character, escaped; with more backslashes in JSON within JSON. */
const ESCAPED = String.raw`%([0-9A-Fa-f]{2})|\\{1,7}u00([0-9A-Fa-f]{2})|\\{1,7}x([0-9A-Fa-f]{2})|\\{1,7}([/"'\\])`;
const ESCAPED_HERE = new RegExp(ESCAPED, "y");
const ESCAPED_BEFORE = new RegExp(`(?:${ESCAPED})$`);
export const LONGEST_ESCAPE = 12;

export interface EscapedByte {
  readonly byte: number;
  readonly length: number;
  readonly form: Form;
}

/** The escaped character that a text begins with. */
export function escapeAt(text: string): EscapedByte | undefined {
  return escapeIn(execAt(ESCAPED_HERE, text));
}

/** The one that it ends with. */
export function escapeBefore(text: string): EscapedByte | undefined {
  return escapeIn(ESCAPED_BEFORE.exec(text));
}

/** How many characters of a wrap the text begins with; 0 when there is none. */
export function wrapAt(text: string): number {
  return execAt(WRAP_HERE, text)?.[0].length ?? 0;
}

export function wrapBefore(text: string): number {
  return WRAP_BEFORE.exec(text)?.[0].length ?? 0;
}

function execAt(pattern: RegExp, text: string): RegExpExecArray | null {
  pattern.lastIndex = 0;
  return pattern.exec(text);
}

function escapeIn(found: RegExpExecArray | null): EscapedByte | undefined {
  if (!found) return undefined;
  const [whole, percent, unicode, hex, plain] = found;
  const code = percent ?? unicode ?? hex;
  return {
    byte: code === undefined ? (plain ?? "").charCodeAt(0) : Number.parseInt(code, 16),
    length: whole.length,
    form: percent === undefined ? "json" : "url",
  };
}
