/**
 * Text in base64, as Kubernetes, Docker and HTTP logins write it. Random values hardly ever decode to text: of twelve
 * bytes all are printable in one of 100,000.
 */
import { textOfPart } from "../kernel/index.ts";
import { table } from "./runs.ts";

export interface EncodedText {
  readonly text: Uint8Array;
  /** Offset behind its last letter. */
  readonly end: number;
}

const GLANCE_LETTERS = 16;
/** Of 20 bytes, as the shortest key has. */
const SHORTEST = 27;
const MOST_LETTERS = 4096;

const VALUES = lettersTable();
const PRINTABLE = table(
  `${Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("")}\t\r\n`,
);
/** A long text is one when nearly all of it is. */
const PRINTABLE_SHARE = 0.95;

/** A glance at where a run begins, which is made of letters of base64. */
export function mayBeEncodedText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < SHORTEST) return false;
  for (let at = start; at < start + GLANCE_LETTERS; at += 4) {
    const group =
      (valueAt(bytes, at) << 18) |
      (valueAt(bytes, at + 1) << 12) |
      (valueAt(bytes, at + 2) << 6) |
      valueAt(bytes, at + 3);
    const isText = isPrintable(group >> 16) && isPrintable(group >> 8) && isPrintable(group);
    if (!isText) return false;
  }
  return true;
}

/** What the letters that begin here may stand for: those of a block of lines, if it is one, and those of this line. */
export function* encodedTextsAt(bytes: Uint8Array, start: number): Generator<EncodedText> {
  const written = textOfPart(bytes, start, Math.min(bytes.length, start + MOST_LETTERS), "latin1");
  for (const form of [BLOCK, LINE]) {
    const found = form.exec(written)?.[0] ?? "";
    const letters = found.replaceAll(LINE_BREAKS, "");
    const text = Buffer.from(letters, "base64");
    const isWhole = form === LINE || letters.length % 4 === 0;
    if (found !== "" && isWhole && isText(text)) yield { text, end: start + found.length };
  }
}

/** Lines as programs break them, and a last one behind which nothing else stands. */
const BLOCK =
  /^(?:(?:[A-Za-z0-9+/_-]{76}|[A-Za-z0-9+/_-]{72}|[A-Za-z0-9+/_-]{64})(?:\r?\n|\\n)[ \t]{0,40})+[A-Za-z0-9+/_-]+={0,2}(?=[\s"'<\\]|$)/;
const LINE = /^[A-Za-z0-9+/_-]+={0,2}/;
const LINE_BREAKS = /(?:\r?\n|\\n)[ \t]*/g;

function isText(bytes: Uint8Array): boolean {
  let printable = 0;
  for (const byte of bytes) if (isPrintable(byte)) printable++;
  return printable >= bytes.length * PRINTABLE_SHARE;
}

function isPrintable(bits: number): boolean {
  return PRINTABLE[bits & 0xff] === 1;
}

function valueAt(bytes: Uint8Array, at: number): number {
  return VALUES[bytes[at] ?? 0] ?? 0;
}

/** The six bits of each letter, of both alphabets. */
function lettersTable(): Uint8Array {
  const values = new Uint8Array(256);
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (let value = 0; value < letters.length; value++) values[letters.charCodeAt(value)] = value;
  for (const [letter, value] of Object.entries({ "+": 62, "-": 62, "/": 63, _: 63 })) {
    values[letter.charCodeAt(0)] = value;
  }
  return values;
}
