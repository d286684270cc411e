/** What may cling to the beginning of a secret, and be part of the same run without belonging to it. */
import { table } from "./runs.ts";

const ESCAPED_LETTERS = table("nrtbf");
const HEX = table("0123456789ABCDEFabcdef");
const DIGIT = table("0123456789");
const BEFORE_ESCAPED = table("\\%[;");
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;
const ESCAPE = 0x1b;
const BRACKET = 0x5b;
const IN_COLOUR = table("0123456789;");
/** `38;2;255;255;255` and more. */
const LONGEST_COLOUR = 24;
const SMALL_M = 0x6d;

/** Whether {@link afterDashes} or {@link afterEscape} may step over anything at `start`: a glance. */
export function mayCling(bytes: Uint8Array, start: number): boolean {
  const first = bytes[start];
  return first === DASH || first === UNDERSCORE || BEFORE_ESCAPED[bytes[start - 1] ?? 0] === 1;
}

/** Steps over the dashes of a comment, of a line that a diff takes out, of a rule in a text. */
export function afterDashes(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === DASH || bytes[at] === UNDERSCORE)) at++;
  return at;
}

/** Steps over what is left of an escape before a secret: the `n` of `\n`, the `3D` of `%3D`, the `32m` of a colour. */
export function afterEscape(bytes: Uint8Array, start: number): number {
  const before = bytes[start - 1];
  if (before === BACKSLASH) {
    if (bytes[start] === 0x75) return start + 5;
    return ESCAPED_LETTERS[bytes[start] ?? 0] === 1 ? start + 1 : start;
  }
  if (before !== PERCENT) return isInColour(bytes, start) ? afterColour(bytes, start) : start;
  const isCode = HEX[bytes[start] ?? 0] === 1 && HEX[bytes[start + 1] ?? 0] === 1;
  return isCode ? start + 2 : start;
}

/** Whether numbers lead from here back to the beginning of a colour: `ESC[1;`. */
function isInColour(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while (start - at < LONGEST_COLOUR && IN_COLOUR[bytes[at - 1] ?? 0] === 1) at--;
  return bytes[at - 1] === BRACKET && bytes[at - 2] === ESCAPE;
}

function afterColour(bytes: Uint8Array, start: number): number {
  let at = start;
  while (DIGIT[bytes[at] ?? 0] === 1) at++;
  return bytes[at] === SMALL_M ? at + 1 : start;
}
