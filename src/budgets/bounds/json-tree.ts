/**
 * A body as a tree of places: what the tables of bounds are held against. Strict like every reader of bodies here,
 * and nothing is decoded before it is asked for. What it leaves out: numbers, booleans and nulls in arrays, of which
 * an embedding request may have millions.
 */
import {
  AppError,
  decodedJson,
  JSON_BYTE,
  JsonLexer,
  type JsonSpan,
  MAX_JSON_DEPTH,
  nameOfPart,
  textOfPart,
} from "../../kernel/index.ts";

export interface JsonNode extends JsonSpan {
  /** Of an object, in the order of the text. */
  readonly members: readonly JsonMember[];
  /** Of an array: its objects, arrays and strings. */
  readonly items: readonly JsonNode[];
  /** Of an array: how many numbers, booleans and nulls are in it. */
  readonly scalars: number;
}

export interface JsonMember {
  /** Offsets of the name between its quotes. */
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly value: JsonNode;
}

export interface JsonTree {
  readonly bytes: Uint8Array;
  readonly root: JsonNode;
  /** Decoded. */
  name(member: JsonMember): string;
  /** Of a string, decoded; `undefined` for anything else. */
  text(node: JsonNode): string | undefined;
  /** Of a number that is whole and not negative; `undefined` for anything else. */
  count(node: JsonNode): number | undefined;
  isTrue(node: JsonNode): boolean;
}

/** More than any request has whose cost anybody could reckon; it bounds the memory that a body can take here. */
export const MAX_NODES = 500_000;

/** @throws AppError `invalid_input` for what is not one JSON text, `too_large` beyond {@link MAX_NODES}. */
export function readTree(bytes: Uint8Array): JsonTree {
  const root = new TreeReader(bytes).document();
  const decoded = (start: number, end: number) => decodedJson(textOfPart(bytes, start, end));
  return {
    bytes,
    root,
    name: ({ nameStart, nameEnd }) => decodedJson(nameOfPart(bytes, nameStart, nameEnd)),
    text: ({ kind, start, end }) => (kind === "string" ? decoded(start + 1, end - 1) : undefined),
    count({ kind, start, end }) {
      if (kind !== "number") return undefined;
      const value = Number(textOfPart(bytes, start, end, "latin1"));
      return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
    },
    isTrue: ({ kind, start }) => kind === "boolean" && bytes[start] === JSON_BYTE.lowerT,
  };
}

const NONE: readonly never[] = [];

class TreeReader extends JsonLexer {
  private nodes = 0;

  document(): JsonNode {
    this.space();
    const root = this.value(1);
    this.space();
    if (this.at !== this.bytes.length) throw this.malformed();
    return root;
  }

  private value(depth: number): JsonNode {
    if (++this.nodes > MAX_NODES) {
      throw new AppError("too_large", `the JSON body holds more than ${MAX_NODES} values`, {
        hint: "send it in several requests",
      });
    }
    const start = this.at;
    switch (this.bytes[start]) {
      case JSON_BYTE.openBrace:
        return this.object(depth, start);
      case JSON_BYTE.openBracket:
        return this.array(depth, start);
      case JSON_BYTE.quote:
        this.string();
        return { kind: "string", start, end: this.at, members: NONE, items: NONE, scalars: 0 };
      default:
        return { kind: this.scalar(), start, end: this.at, members: NONE, items: NONE, scalars: 0 };
    }
  }

  private scalar(): "boolean" | "null" | "number" {
    switch (this.bytes[this.at]) {
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

  private object(depth: number, start: number): JsonNode {
    const members: JsonMember[] = [];
    this.open(depth);
    if (this.bytes[this.at] !== JSON_BYTE.closeBrace) {
      do {
        this.space();
        if (this.bytes[this.at] !== JSON_BYTE.quote) throw this.malformed();
        const nameStart = this.at + 1;
        this.string();
        const nameEnd = this.at - 1;
        this.space();
        this.expect(JSON_BYTE.colon);
        this.space();
        members.push({ nameStart, nameEnd, value: this.value(depth + 1) });
        this.space();
      } while (this.comma());
    }
    this.expect(JSON_BYTE.closeBrace);
    return { kind: "object", start, end: this.at, members, items: NONE, scalars: 0 };
  }

  private array(depth: number, start: number): JsonNode {
    const items: JsonNode[] = [];
    let scalars = 0;
    this.open(depth);
    if (this.bytes[this.at] !== JSON_BYTE.closeBracket) {
      do {
        this.space();
        if (this.opensValue()) items.push(this.value(depth + 1));
        else {
          this.scalar();
          scalars++;
        }
        this.space();
      } while (this.comma());
    }
    this.expect(JSON_BYTE.closeBracket);
    return { kind: "array", start, end: this.at, members: NONE, items, scalars };
  }

  private open(depth: number): void {
    if (depth > MAX_JSON_DEPTH) throw this.tooDeep();
    this.at++;
    this.space();
  }

  private comma(): boolean {
    if (this.bytes[this.at] !== JSON_BYTE.comma) return false;
    this.at++;
    return true;
  }

  private opensValue(): boolean {
    const byte = this.bytes[this.at];
    return byte === JSON_BYTE.quote || byte === JSON_BYTE.openBrace || byte === JSON_BYTE.openBracket;
  }
}
