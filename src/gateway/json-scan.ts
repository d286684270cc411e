/**
 * A strict JSON scanner (RFC 8259) that tells where governed members lie, so that a body can be judged and edited
 * without being parsed and written anew: big integers, member order and spelling stay as the caller sent them.
 * One pass, linear time. What it leaves out: a value tree.
 */
import {
  AppError,
  decodedJson,
  foldedHash,
  foldName,
  JSON_BYTE,
  type JsonKind,
  JsonLexer,
  type JsonSpan,
  MAX_JSON_DEPTH,
  nameOfPart,
  NOT_ASCII,
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
  readonly references: ReadonlySet<string>;
  /** Models that tools of the request name; empty text for what is none. */
  readonly toolModels: readonly string[];
}

/**
 * @throws AppError `invalid_input` for anything that is not one JSON text in UTF-8, or refers to more stored objects
 *   than are looked up, and `ambiguous_body` when a governed member is there twice under names that some reader would
 *   take for the same.
 */
export function scanJson(bytes: Uint8Array, governed: GovernedNames): ScannedJson {
  return new Scanner(bytes, governed);
}

class Scanner extends JsonLexer implements ScannedJson {
  readonly members = new Map<string, Member>();
  readonly references = new Set<string>();
  readonly toolModels: string[] = [];
  readonly root: Member;
  private readonly governed: GovernedNames;
  /** Of the object or array that was passed over last. */
  private empty = false;

  constructor(bytes: Uint8Array, governed: GovernedNames) {
    super(bytes);
    this.governed = governed;
    this.space();
    const start = this.at;
    this.root = this.memberFrom(start, this.value(1, "", false));
    this.space();
    if (this.at !== this.bytes.length) throw this.malformed();
  }

  text(name: string): string | undefined {
    return this.textOf(this.members.get(name));
  }

  count(name: string): number | undefined {
    const member = this.members.get(name);
    if (member?.kind !== "number") return undefined;
    const value = Number(textOfPart(this.bytes, member.start, member.end, "latin1"));
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }

  isTrue(name: string): boolean {
    const member = this.members.get(name);
    return member?.kind === "boolean" && this.bytes[member.start] === JSON_BYTE.lowerT;
  }

  private textOf(member: Member | undefined): string | undefined {
    return member?.kind === "string" ? this.decoded(member.start + 1, member.end - 1) : undefined;
  }

  /**
   * Passes over a value and gives its kind; `empty` then tells of objects and arrays whether nothing was in them.
   * `path` is the canonical name of the governed object that this value is, `""` for the root, else undefined.
   * `names`: texts in here are names of stored objects.
   */
  private value(depth: number, path: string | undefined, names: boolean): JsonKind {
    const start = this.at;
    switch (this.bytes[start]) {
      case JSON_BYTE.quote:
        this.string();
        if (names) this.refersTo(this.decoded(start + 1, this.at - 1));
        return "string";
      case JSON_BYTE.openBrace:
        this.empty = this.object(depth, path, names);
        return "object";
      case JSON_BYTE.openBracket:
        this.empty = this.array(depth, path, names);
        return "array";
      case JSON_BYTE.lowerT:
        this.word("true");
        return "boolean";
      case JSON_BYTE.lowerF:
        this.word("false");
        return "boolean";
      case JSON_BYTE.lowerN:
        this.word("null");
        return "null";
      default:
        this.number();
        return "number";
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
      const start = this.at;
      const kind = this.value(depth + 1, name?.member, name?.reference === true);
      if (name?.member !== undefined) this.found(name.member, this.memberFrom(start, kind), path);
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

  private memberFrom(start: number, kind: JsonKind): Member {
    const empty = (kind === "object" || kind === "array") && this.empty;
    return { kind, start, end: this.at, empty };
  }

  /** What the rules say about the member whose name stands here. */
  private name(path: string | undefined, inReference: boolean): Found | undefined {
    if (this.bytes[this.at] !== JSON_BYTE.quote) throw this.malformed();
    const start = this.at + 1;
    this.string();
    const end = this.at - 1;
    // No governed name comes near this length, however it is escaped.
    if (end - start > MAX_NAME_BYTES) return undefined;
    // Most names say nothing to any rule: they are passed over without being made a text.
    const hash = this.escaped ? NOT_ASCII : foldedHash(this.bytes, start, end);
    if (hash !== NOT_ASCII && !this.governed.mayHold(hash)) return undefined;
    const folded = foldName(decodedJson(nameOfPart(this.bytes, start, end)));
    const member = path === undefined ? undefined : this.governed.canonical(path, folded);
    const reference = this.governed.isReference(folded) || (inReference && folded === "id");
    return member === undefined && !reference ? undefined : { member, reference };
  }

  private refersTo(object: string): void {
    this.references.add(object);
    // At once: a body has room for millions.
    if (this.references.size > MAX_REFERENCES) throw tooManyReferences();
  }

  private found(member: string, value: Member, path: string | undefined): void {
    if (path !== undefined && this.governed.isList(path)) {
      this.toolModels.push(this.textOf(value) ?? "");
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

/** Each costs a look into the store. */
const MAX_REFERENCES = 1000;

function tooManyReferences(): AppError {
  return new AppError("invalid_input", `the body refers to more than ${MAX_REFERENCES} stored objects`, {
    hint: `refer to at most ${MAX_REFERENCES} in one request`,
  });
}
