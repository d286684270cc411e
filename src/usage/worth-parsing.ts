import { indexOfBytes, textOfPart } from "../kernel/index.ts";

/** Beginnings of the members that tell something about money or failure, and what may follow before the quote. */
const TELLING: readonly (readonly [Buffer, readonly string[]])[] = [
  [Buffer.from('"usage'), ['"', 'Metadata"']],
  [Buffer.from('"error'), ['"']],
];

const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;

/**
 * Whether a piece may hold usage or an error: `usage`, `usageMetadata` or `error` with an object or a text as its
 * value. Parsing every piece of a stream would cost more than all else. In a JSON text these bytes cannot stand
 * inside a string, where the quotes would be escaped; `"usage":null` does not count.
 */
export function isWorthParsing(piece: Uint8Array): boolean {
  return TELLING.some(([beginning, endings]) => hasMember(piece, beginning, endings));
}

function hasMember(piece: Uint8Array, beginning: Buffer, endings: readonly string[]): boolean {
  for (let at = indexOfBytes(piece, beginning); at >= 0; at = indexOfBytes(piece, beginning, at + 1)) {
    const rest = at + beginning.length;
    const ending = endings.find((text) => textOfPart(piece, rest, rest + text.length, "latin1") === text);
    if (ending === undefined) continue;
    const colon = afterSpaces(piece, rest + ending.length);
    if (piece[colon] !== COLON) continue;
    const value = piece[afterSpaces(piece, colon + 1)];
    if (value === OPEN_OBJECT || value === QUOTE) return true;
  }
  return false;
}

function afterSpaces(piece: Uint8Array, from: number): number {
  let at = from;
  while (SPACES.has(piece[at] ?? 0)) at += 1;
  return at;
}
