import { utf8 } from "../kernel/index.ts";
import type { Member, ScannedJson } from "./json-scan.ts";

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

/** Another text for a member's value. */
export function replaceText(member: Member, text: string): Edit {
  return { start: member.start, end: member.end, text: JSON.stringify(text) };
}

/**
 * Makes a streamed chat tell its usage. `undefined` when it does so already: then its usage chunk belongs to the
 * client and must not be hidden.
 */
export function includeUsage(scanned: ScannedJson): Edit | undefined {
  const asked = scanned.members.get("stream_options.include_usage");
  if (asked !== undefined) {
    if (scanned.isTrue("stream_options.include_usage")) return undefined;
    return { start: asked.start, end: asked.end, text: "true" };
  }
  const options = scanned.members.get("stream_options");
  if (options === undefined) return insertFirst(scanned.root, `"stream_options":{"include_usage":true}`);
  if (options.kind === "object") return insertFirst(options, `"include_usage":true`);
  return { start: options.start, end: options.end, text: `{"include_usage":true}` };
}

function insertFirst(object: Member, member: string): Edit {
  const inside = object.start + 1;
  return { start: inside, end: inside, text: object.empty ? member : `${member},` };
}
