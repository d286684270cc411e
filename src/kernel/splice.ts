import { utf8 } from "./bytes.ts";

/** Replaces the bytes from `start` to `end` (exclusive); equal offsets insert. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits that do not overlap, in any order; every other byte stays as it is. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    pieces.push(bytes.subarray(from, edit.start), utf8(edit.text));
    from = edit.end;
  }
  pieces.push(bytes.subarray(from));
  return Buffer.concat(pieces);
}

/** Puts a member before the others of an object that lies at `object`. */
export function insertMember(
  object: { readonly start: number; readonly empty: boolean },
  member: string,
): Edit {
  const inside = object.start + 1;
  return { start: inside, end: inside, text: object.empty ? member : `${member},` };
}
