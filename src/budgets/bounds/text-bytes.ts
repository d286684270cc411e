import { isAscii } from "node:buffer";
import { indexOfBytes, textOfPart, utf8 } from "../../kernel/index.ts";
import type { JsonNode, JsonTree } from "./json-tree.ts";

/** How many tokens all of a body is at the most, but for what is told to be media. */
export type TextCount = (tree: JsonTree, media: readonly JsonNode[], isBytePair: boolean) => number;

/**
 * How many tokens the text of a body is at the most: no token is shorter than a byte, and every escape is longer than
 * what it stands for. A tokenizer that brings text into a compatible form first (NFKC) may see more bytes than were
 * sent; `isBytePair` says that the model's does not.
 */
export function textTokens(tree: JsonTree, media: readonly JsonNode[], isBytePair: boolean): number {
  const pieces = piecesBetween(tree, media);
  const raw = pieces.reduce((sum, [start, end]) => sum + end - start, 0);
  if (isBytePair) return raw;
  const compatible = pieces.reduce((sum, [start, end]) => sum + compatibleBytes(tree.bytes, start, end), 0);
  return Math.max(raw, compatible);
}

function piecesBetween({ bytes }: JsonTree, media: readonly JsonNode[]): (readonly [number, number])[] {
  const pieces: [number, number][] = [];
  let from = 0;
  for (const { start, end } of [...media].sort((a, b) => a.start - b.start)) {
    pieces.push([from, start]);
    from = end;
  }
  pieces.push([from, bytes.length]);
  return pieces;
}

function compatibleBytes(bytes: Uint8Array, start: number, end: number): number {
  const piece = bytes.subarray(start, end);
  const hasEscapes = indexOfBytes(piece, ESCAPE) >= 0;
  // ASCII is in that form already.
  if (!hasEscapes && isAscii(piece)) return end - start;
  const raw = textOfPart(bytes, start, end);
  return Buffer.byteLength((hasEscapes ? withoutEscapes(raw) : raw).normalize("NFKC"));
}

const ESCAPE = utf8("\\u");

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|[^])/g, (escape, digits: string | undefined) =>
    digits === undefined ? escape : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
