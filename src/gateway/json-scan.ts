/**
 * A strict JSON scanner (RFC 8259) that tells where governed members lie, so that a body can be judged and edited
 * without being parsed and written anew: big integers, member order and spelling stay as the caller sent them.
 * One pass, linear time. What it leaves out: a value tree.
 */
import { isUtf8 } from "node:buffer";
import { AppError, textOfPart } from "../kernel/index.ts";
import { foldName, type GovernedNames } from "./governed.ts";

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

export interface Member {
  readonly kind: JsonKind;
  /** Offsets of the value's first byte and of the byte behind it. */
  readonly start: number;
  readonly end: number;
  /** Objects and arrays: nothing is in them. */
  readonly empty: boolean;
}

export interface ScannedJson {
  readonly root: Member;
  /** Governed members that are there, under their canonical names (`model`, `stream_options.include_usage`). */
  readonly members: ReadonlyMap<string, Member>;
  /** The text of a governed string member; `undefined` for anything else. */
  text(name: string): string | undefined;
  /** A governed number member that is a non-negative whole number; anything else gives `undefined`. */
  count(name: string): number | undefined;
  /** True for a governed member that is the literal `true`. */
  isTrue(name: string): boolean;
  /** Texts of members anywhere in the document that name stored objects. */
  readonly references: readonly string[];
  /** Models that tools of the request name; empty text for what is none. */
  readonly toolModels: readonly string[];
}

/** Deeper nesting than any provider takes is refused. */
export const MAX_DEPTH = 256;

/**
 * @throws AppError `invalid_input` for anything that is not one JSON text in UTF-8, and `ambiguous_body` when a
 *   governed member is there twice under names that some reader would take for the same.
 */
export function scanJson(bytes: Uint8Array, governed: GovernedNames): ScannedJson {
  if (!isUtf8(bytes)) throw new AppError("invalid_input", "the body is not UTF-8", { hint: HINT });
  return new Scanner(bytes, governed).document();
}

const HINT = "send one JSON object as RFC 8259 defines it";

class Scanner {
  private readonly bytes: Uint8Array;
  private readonly governed: GovernedNames;
  private readonly members = new Map<string, Member>();
  private readonly references: string[] = [];
  private readonly listed: string[] = [];
  private at = 0;
  /** The string read last had an escape in it. */
  private escaped = false;

  constructor(bytes: Uint8Array, governed: GovernedNames) {
    this.bytes = bytes;
    this.governed = governed;
  }

  document(): ScannedJson {
    this.space();
    const root = this.value(1, "", false);
    this.space();
    if (this.at !== this.bytes.length) throw this.malformed();
    const { members, references, listed } = this;
    return {
      root,
      members,
      references,
      toolModels: listed,
      text: (name) => this.text(members.get(name)),
      count: (name) => this.count(members.get(name)),
      isTrue: (name) => {
        const member = members.get(name);
        return member?.kind === "boolean" && this.bytes[member.start] === LOWER_T;
      },
    };
  }

  private text(member: Member | undefined): string | undefined {
    return member?.kind === "string" ? this.decoded(member.start + 1, member.end - 1) : undefined;
  }

  private count(member: Member | undefined): number | undefined {
    if (member?.kind !== "number") return undefined;
    const value = Number(textOfPart(this.bytes, member.start, member.end, "latin1"));
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }

  /**
   * `path` is the canonical name of the governed object that this value is, `""` for the root, else undefined.
   * `names`: texts in here are names of stored objects.
   */
  private value(depth: number, path: string | undefined, names: boolean): Member {
    const start = this.at;
    const first = this.bytes[start];
    switch (first) {
      case QUOTE:
        this.string();
        if (names) this.references.push(this.decoded(start + 1, this.at - 1));
        return { kind: "string", start, end: this.at, empty: false };
      case OPEN_BRACE:
        return { kind: "object", start, empty: this.object(depth, path, names), end: this.at };
      case OPEN_BRACKET:
        return { kind: "array", start, empty: this.array(depth, path, names), end: this.at };
      case LOWER_T:
        this.word("true");
        return { kind: "boolean", start, end: this.at, empty: false };
      case LOWER_F:
        this.word("false");
        return { kind: "boolean", start, end: this.at, empty: false };
      case LOWER_N:
        this.word("null");
        return { kind: "null", start, end: this.at, empty: false };
      default:
        this.number();
        return { kind: "number", start, end: this.at, empty: false };
    }
  }

  private object(depth: number, path: string | undefined, names: boolean): boolean {
    if (depth > MAX_DEPTH) throw tooDeep();
    this.at++;
    this.space();
    if (this.bytes[this.at] === CLOSE_BRACE) {
      this.at++;
      return true;
    }
    for (;;) {
      const name = this.name(path, names);
      this.space();
      this.expect(COLON);
      this.space();
      const value = this.value(depth + 1, name?.member, name?.reference === true);
      if (name?.member !== undefined) this.found(name.member, value, path);
      this.space();
      if (this.bytes[this.at] === CLOSE_BRACE) {
        this.at++;
        return false;
      }
      this.expect(COMMA);
      this.space();
    }
  }

  private array(depth: number, path: string | undefined, names: boolean): boolean {
    if (depth > MAX_DEPTH) throw tooDeep();
    this.at++;
    this.space();
    if (this.bytes[this.at] === CLOSE_BRACKET) {
      this.at++;
      return true;
    }
    const inner = path !== undefined && this.governed.isList(path) ? path : undefined;
    for (;;) {
      this.value(depth + 1, inner, names);
      this.space();
      if (this.bytes[this.at] === CLOSE_BRACKET) {
        this.at++;
        return false;
      }
      this.expect(COMMA);
      this.space();
    }
  }

  /** What the rules say about the member whose name stands here. */
  private name(path: string | undefined, inReference: boolean): Found | undefined {
    if (this.bytes[this.at] !== QUOTE) throw this.malformed();
    const start = this.at + 1;
    this.string();
    const end = this.at - 1;
    // No governed name comes near this length, however it is escaped.
    if (end - start > MAX_NAME_BYTES) return undefined;
    const raw = textOfPart(this.bytes, start, end, "latin1");
    const folded = this.escaped || !isPlain(raw) ? foldName(this.decoded(start, end)) : foldName(raw);
    const member = path === undefined ? undefined : this.governed.canonical(path, folded);
    const reference = this.governed.isReference(folded) || (inReference && folded === "id");
    return member === undefined && !reference ? undefined : { member, reference };
  }

  private found(member: string, value: Member, path: string | undefined): void {
    if (path !== undefined && this.governed.isList(path)) {
      this.listed.push(this.text(value) ?? "");
      return;
    }
    if (this.members.has(member)) {
      throw new AppError("ambiguous_body", `the body has "${member}" more than once`, {
        hint: "send each field once, in one spelling",
      });
    }
    this.members.set(member, value);
  }

  private decoded(start: number, end: number): string {
    return JSON.parse(`"${textOfPart(this.bytes, start, end)}"`) as string;
  }

  private string(): void {
    const bytes = this.bytes;
    this.escaped = false;
    let at = this.at + 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.at = at + 1;
        return;
      }
      if (byte === BACKSLASH) {
        this.escaped = true;
        at = this.escape(at);
      } else if (byte === undefined || byte < SPACE) {
        this.at = at;
        throw this.malformed();
      } else {
        at++;
      }
    }
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

  private number(): void {
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

  private word(word: string): void {
    if (textOfPart(this.bytes, this.at, this.at + word.length, "latin1") !== word) throw this.malformed();
    this.at += word.length;
  }

  private expect(byte: number): void {
    if (this.bytes[this.at] !== byte) throw this.malformed();
    this.at++;
  }

  private space(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) return;
      this.at++;
    }
  }

  private malformed(): AppError {
    const place = this.at >= this.bytes.length ? "ends too early" : `is not valid at byte ${this.at}`;
    return new AppError("invalid_input", `the JSON body of ${this.bytes.length} bytes ${place}`, {
      hint: HINT,
    });
  }
}

interface Found {
  readonly member: string | undefined;
  readonly reference: boolean;
}

function tooDeep(): AppError {
  return new AppError("invalid_input", `the JSON body is nested deeper than ${MAX_DEPTH} levels`, {
    hint: HINT,
  });
}

function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7e) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

const MAX_NAME_BYTES = 256;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const LOWER_U = 0x75;
/** `"` `\` `/` `b` `f` `n` `r` `t` */
const SIMPLE_ESCAPES: readonly number[] = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];
