import { isUtf8 } from "node:buffer";
import { textOfPart } from "./bytes.ts";
import { AppError } from "./errors.ts";

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

/** Where a value lies. */
export interface JsonSpan {
  readonly kind: JsonKind;
  /** Offsets of the value's first byte and of the byte behind it. */
  readonly start: number;
  readonly end: number;
}

/** Deeper nesting than any provider takes is refused. */
export const MAX_JSON_DEPTH = 256;

/**
 * Whether a JSON text nests deeper than {@link MAX_JSON_DEPTH}. To be asked before a stranger's document is written anew:
 * `JSON.stringify` exhausts the stack in a deep one, and needs seconds to say so.
 */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === JSON_BYTE.quote) at = endOfString(text, at);
    else if (code === JSON_BYTE.openBrace || code === JSON_BYTE.openBracket) depth += 1;
    else if (code === JSON_BYTE.closeBrace || code === JSON_BYTE.closeBracket) depth -= 1;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

/** Where the quote stands that ends the string; behind the text when none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

/** What readers built on the lexer look at themselves. */
export const JSON_BYTE = {
  quote: 0x22,
  openBrace: 0x7b,
  closeBrace: 0x7d,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  colon: 0x3a,
  comma: 0x2c,
  lowerT: 0x74,
  lowerF: 0x66,
  lowerN: 0x6e,
} as const;

/**
 * The strict grammar of JSON (RFC 8259) over bytes: what readers that need offsets are built on. One pass, linear time.
 * What it leaves out: objects and arrays, as each reader keeps something else of them.
 */
export class JsonLexer {
  protected readonly bytes: Uint8Array;
  protected at = 0;
  /** The same bytes four by four, but for some at both ends; made when a long string is met. */
  private words: Int32Array | undefined;
  /** The string read last had an escape in it. */
  protected escaped = false;

  /** @throws AppError `invalid_input` for bytes that are not UTF-8. */
  constructor(bytes: Uint8Array) {
    if (!isUtf8(bytes)) throw new AppError("invalid_input", "the body is not UTF-8", { hint: HINT });
    this.bytes = bytes;
  }

  protected decoded(start: number, end: number): string {
    return decodedJson(textOfPart(this.bytes, start, end));
  }

  protected string(): void {
    const { bytes } = this;
    const isLong = bytes.length >= LONG_TEXT_BYTES;
    this.escaped = false;
    let start = this.at + 1;
    let at = isLong ? this.endOfRun(start) : start;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.at = at + 1;
        return;
      }
      if (byte === BACKSLASH) {
        this.escaped = true;
        const wasRun = at - start >= RUN_BYTES;
        at = start = this.escape(at);
        // Where one escape follows the other, the look ahead is not worth it.
        if (isLong && wasRun) at = this.endOfRun(at);
      } else if (byte === undefined || byte < SPACE) {
        this.at = at;
        throw this.malformed();
      } else {
        at++;
      }
    }
  }

  /**
   * This place in a string, or a later one: all bytes in between are just text. Four bytes at once: each of the three
   * terms has the top bit of a byte set when that byte is a quote, a backslash or a control byte (and perhaps those of
   * bytes behind it), after the zero-byte test of "Hacker's Delight" 6-1.
   */
  private endOfRun(from: number): number {
    const { bytes } = this;
    const words = (this.words ??= wordsOf(bytes));
    const first = words.byteOffset - bytes.byteOffset;
    let at = from;
    for (; ((at - first) & (WORD_BYTES - 1)) !== 0; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) return at;
    }
    // Shifts and not divisions: a place that is no small integer would slow down every look at a byte.
    let word = (at - first) >> 2;
    for (; word < words.length; word++) {
      const four = words[word] ?? 0;
      const quote = four ^ (EACH_BYTE * QUOTE);
      const backslash = four ^ (EACH_BYTE * BACKSLASH);
      const marks =
        ((quote - EACH_BYTE) & ~quote) |
        ((backslash - EACH_BYTE) & ~backslash) |
        ((four - EACH_BYTE * SPACE) & ~four);
      if ((marks & TOP_BITS) !== 0) break;
    }
    return first + (word << 2);
  }

  /** From the backslash to the byte behind the escape. */
  private escape(at: number): number {
    const kind = this.bytes[at + 1];
    if (kind !== LOWER_U) {
      if (kind !== undefined && SIMPLE_ESCAPES.includes(kind)) return at + 2;
      this.at = at;
      throw this.malformed();
    }
    for (let digit = at + 2; digit < at + 6; digit++) {
      if (!isHex(this.bytes[digit])) {
        this.at = at;
        throw this.malformed();
      }
    }
    return at + 6;
  }

  protected number(): void {
    if (this.bytes[this.at] === MINUS) this.at++;
    if (this.bytes[this.at] === ZERO) this.at++;
    else this.digits();
    if (this.bytes[this.at] === DOT) {
      this.at++;
      this.digits();
    }
    const exponent = this.bytes[this.at];
    if (exponent === LOWER_E || exponent === UPPER_E) {
      this.at++;
      const sign = this.bytes[this.at];
      if (sign === PLUS || sign === MINUS) this.at++;
      this.digits();
    }
  }

  private digits(): void {
    const start = this.at;
    while (isDigit(this.bytes[this.at])) this.at++;
    if (this.at === start) throw this.malformed();
  }

  protected word(word: string): void {
    if (textOfPart(this.bytes, this.at, this.at + word.length, "latin1") !== word) throw this.malformed();
    this.at += word.length;
  }

  protected expect(byte: number): void {
    if (this.bytes[this.at] !== byte) throw this.malformed();
    this.at++;
  }

  protected space(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) return;
      this.at++;
    }
  }

  protected tooDeep(): AppError {
    return new AppError("invalid_input", `the JSON body is nested deeper than ${MAX_JSON_DEPTH} levels`, {
      hint: HINT,
    });
  }

  protected malformed(): AppError {
    const place = this.at >= this.bytes.length ? "ends too early" : `is not valid at byte ${this.at}`;
    return new AppError("invalid_input", `the JSON body of ${this.bytes.length} bytes ${place}`, {
      hint: HINT,
    });
  }
}

/** For shorter texts, making another view of them costs more than it saves. */
const LONG_TEXT_BYTES = 2 * 1024;
/** Text without an escape for so long goes on like that, usually. */
const RUN_BYTES = 24;
const WORD_BYTES = 4;
const EACH_BYTE = 0x01010101;
const TOP_BITS = 0x80808080 | 0;

/** Those that lie on whole words of memory. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  const first = Math.ceil(byteOffset / WORD_BYTES) * WORD_BYTES;
  const count = Math.floor((byteOffset + length - first) / WORD_BYTES);
  return new Int32Array(buffer, first, Math.max(0, count));
}

/** What stands between the quotes of a JSON string, without its escapes. */
export function decodedJson(text: string): string {
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

const HINT = "send one JSON object as RFC 8259 defines it";

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const LOWER_U = 0x75;
/** `"` `\` `/` `b` `f` `n` `r` `t` */
const SIMPLE_ESCAPES: readonly number[] = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];
