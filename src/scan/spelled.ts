import { textOfPart } from "../kernel/index.ts";
import type { Form } from "./finding.ts";
import { isRunByte, table } from "./runs.ts";
import { escapeAt, LONGEST_WRAP, wrapAt } from "./spelling.ts";

/** A key as it is meant, with where it stands as it is written. */
export interface Spelled {
  readonly text: string;
  /** For each character the offset behind it. */
  readonly ends: readonly number[];
  readonly form: Form;
}

/** What escapes and wraps begin with. */
const JOINS = table("%\\=\"'`+.> \t\r\n");
/** Longer ones are written in one piece, or not looked for in pieces. */
const MOST_CHARS = 400;

/** What begins here, with escapes resolved and lines joined; `undefined` where nothing of that is to be done. */
export function spelledFrom(bytes: Uint8Array, start: number): Spelled | undefined {
  let text = "";
  const ends: number[] = [];
  let form: Form | undefined;
  for (let at = start; text.length < MOST_CHARS;) {
    const byte = bytes[at];
    if (isRunByte(byte)) {
      text += String.fromCharCode(byte ?? 0);
      ends.push(++at);
      continue;
    }
    if (byte === undefined || JOINS[byte] !== 1) break;
    const rest = textOfPart(bytes, at, Math.min(bytes.length, at + LONGEST_WRAP), "latin1");
    const escaped = escapeAt(rest);
    if (escaped && isRunByte(escaped.byte)) {
      at += escaped.length;
      text += String.fromCharCode(escaped.byte);
      ends.push(at);
      form ??= escaped.form;
      continue;
    }
    const wrap = text === "" ? 0 : wrapAt(rest);
    if (wrap === 0) break;
    at += wrap;
    form ??= "wrapped";
  }
  return form && { text, ends, form };
}

const MOST_PARTS = 8;
const LONGEST_PART = 40;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const DASH = 0x2d;

/**
 * Where a word begins that is written with escaped dashes (`sk%2Dproj%2D…`, `sk\\x2dant\\x2d…`), the last one right before
 * the run at `start`: the letters of that escape are the run's first ones.
 */
export function escapedBeginning(bytes: Uint8Array, start: number): number | undefined {
  let begin = start;
  for (let parts = 0; parts < MOST_PARTS; parts++) {
    if (!mayFollowEscapedDash(bytes, begin)) return bytes[begin - 1] === DASH ? undefined : begin;
    const end = beginningOfEscape(bytes, begin);
    begin = end;
    while (end - begin < LONGEST_PART && bytes[begin - 1] !== DASH && isRunByte(bytes[begin - 1])) begin--;
    if (begin === end) return undefined;
  }
  return undefined;
}

/** Whether a dash or underscore that is escaped ends before `at`, but for the escape's letters; a glance. */
export function mayFollowEscapedDash(bytes: Uint8Array, at: number): boolean {
  const before = bytes[at - 1];
  if (before === PERCENT) return isDashCode(bytes, at);
  if (before !== BACKSLASH) return false;
  if (bytes[at] === 0x78) return isDashCode(bytes, at + 1);
  return bytes[at] === 0x75 && isDashCode(bytes, at + 3);
}

/** In JSON within JSON there are several backslashes. */
function beginningOfEscape(bytes: Uint8Array, at: number): number {
  let beginning = at - 1;
  while (bytes[beginning] === BACKSLASH && bytes[beginning - 1] === BACKSLASH) beginning--;
  return beginning;
}

/** `2d` or `5f`. */
function isDashCode(bytes: Uint8Array, at: number): boolean {
  const second = (bytes[at + 1] ?? 0) | 0x20;
  return (bytes[at] === 0x32 && second === 0x64) || (bytes[at] === 0x35 && second === 0x66);
}
