/** Members that tell something about money or failure. Parsing every piece of a stream would cost more than all else. */
const TELLING = ['"usage"', '"usageMetadata"', '"error"'].map((name) => Buffer.from(name));

const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;

/**
 * Whether a piece may hold usage or an error: one of the members with an object or a text as its value. In a JSON
 * text these bytes cannot stand inside a string, where the quotes would be escaped; `"usage":null` does not count.
 */
export function isWorthParsing(piece: Buffer): boolean {
  return TELLING.some((name) => hasMember(piece, name));
}

function hasMember(piece: Buffer, name: Buffer): boolean {
  for (let at = piece.indexOf(name); at >= 0; at = piece.indexOf(name, at + name.length)) {
    const colon = afterSpaces(piece, at + name.length);
    if (piece[colon] !== COLON) continue;
    const value = piece[afterSpaces(piece, colon + 1)];
    if (value === OPEN_OBJECT || value === QUOTE) return true;
  }
  return false;
}

function afterSpaces(piece: Buffer, from: number): number {
  let at = from;
  while (SPACES.has(piece[at] ?? 0)) at += 1;
  return at;
}
