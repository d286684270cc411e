/**
 * A strict JSON scanner (RFC 8259) that tells where governed members lie, so that a body can be judged and edited
 * without being parsed and written anew: big integers, member order and spelling stay as the caller sent them.
 * One pass, linear time. What it leaves out: a value tree.
 */
import {
  AppError,
  foldName,
  isAscii,
  JSON_BYTE,
  JsonLexer,
  type JsonSpan,
  MAX_JSON_DEPTH,
  textOfPart,
} from "../kernel/index.ts";
import type { GovernedNames } from "./governed.ts";

export interface Member extends JsonSpan {
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

/**
 * @throws AppError `invalid_input` for anything that is not one JSON text in UTF-8, and `ambiguous_body` when a
 *   governed member is there twice under names that some reader would take for the same.
 */
export function scanJson(bytes: Uint8Array, governed: GovernedNames): ScannedJson {
  return new Scanner(bytes, governed).document();
}

class Scanner extends JsonLexer {
  private readonly governed: GovernedNames;
  private readonly members = new Map<string, Member>();
  private readonly references: string[] = [];
  private readonly listed: string[] = [];

  constructor(bytes: Uint8Array, governed: GovernedNames) {
    super(bytes);
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
        return member?.kind === "boolean" && this.bytes[member.start] === JSON_BYTE.lowerT;
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
      case JSON_BYTE.quote:
        this.string();
        if (names) this.references.push(this.decoded(start + 1, this.at - 1));
        return { kind: "string", start, end: this.at, empty: false };
      case JSON_BYTE.openBrace:
        return { kind: "object", start, empty: this.object(depth, path, names), end: this.at };
      case JSON_BYTE.openBracket:
        return { kind: "array", start, empty: this.array(depth, path, names), end: this.at };
      case JSON_BYTE.lowerT:
        this.word("true");
        return { kind: "boolean", start, end: this.at, empty: false };
      case JSON_BYTE.lowerF:
        this.word("false");
        return { kind: "boolean", start, end: this.at, empty: false };
      case JSON_BYTE.lowerN:
        this.word("null");
        return { kind: "null", start, end: this.at, empty: false };
      default:
        this.number();
        return { kind: "number", start, end: this.at, empty: false };
    }
  }

  private object(depth: number, path: string | undefined, names: boolean): boolean {
    if (depth > MAX_JSON_DEPTH) throw this.tooDeep();
    this.at++;
    this.space();
    if (this.bytes[this.at] === JSON_BYTE.closeBrace) {
      this.at++;
      return true;
    }
    for (;;) {
      const name = this.name(path, names);
      this.space();
      this.expect(JSON_BYTE.colon);
      this.space();
      const value = this.value(depth + 1, name?.member, name?.reference === true);
      if (name?.member !== undefined) this.found(name.member, value, path);
      this.space();
      if (this.bytes[this.at] === JSON_BYTE.closeBrace) {
        this.at++;
        return false;
      }
      this.expect(JSON_BYTE.comma);
      this.space();
    }
  }

  private array(depth: number, path: string | undefined, names: boolean): boolean {
    if (depth > MAX_JSON_DEPTH) throw this.tooDeep();
    this.at++;
    this.space();
    if (this.bytes[this.at] === JSON_BYTE.closeBracket) {
      this.at++;
      return true;
    }
    const inner = path !== undefined && this.governed.isList(path) ? path : undefined;
    for (;;) {
      this.value(depth + 1, inner, names);
      this.space();
      if (this.bytes[this.at] === JSON_BYTE.closeBracket) {
        this.at++;
        return false;
      }
      this.expect(JSON_BYTE.comma);
      this.space();
    }
  }

  /** What the rules say about the member whose name stands here. */
  private name(path: string | undefined, inReference: boolean): Found | undefined {
    if (this.bytes[this.at] !== JSON_BYTE.quote) throw this.malformed();
    const start = this.at + 1;
    this.string();
    const end = this.at - 1;
    // No governed name comes near this length, however it is escaped.
    if (end - start > MAX_NAME_BYTES) return undefined;
    const raw = textOfPart(this.bytes, start, end, "latin1");
    const folded = this.escaped || !isAscii(raw) ? foldName(this.decoded(start, end)) : foldName(raw);
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
}

interface Found {
  readonly member: string | undefined;
  readonly reference: boolean;
}

const MAX_NAME_BYTES = 256;
