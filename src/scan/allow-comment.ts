import { indexOfBytes, textOfPart, utf8 } from "../kernel/index.ts";

const LINE_FEED = 0x0a;
const MARK = utf8("ownkey:allow");

/** Lines are looked at no further than this on either side of a secret. */
const REACH = 1024;

/**
 * Whether the line of a secret holds `ownkey:allow`, which allows everything on it, or `ownkey:allow RULE RULE`,
 * which allows what these rules find.
 */
export function isAllowed(bytes: Uint8Array, start: number, end: number, rule: string): boolean {
  const before = bytes.subarray(Math.max(0, start - REACH), start);
  const after = bytes.subarray(end, end + REACH);
  const lineEnd = indexOfBytes(after, LINE_FEED);
  const from = start - before.length + before.lastIndexOf(LINE_FEED) + 1;
  const to = end + (lineEnd < 0 ? after.length : lineEnd);
  const at = indexOfBytes(bytes.subarray(from, to), MARK);
  if (at < 0) return false;
  const mark = from + at;
  const rules = textOfPart(bytes, mark + MARK.length, to, "latin1").match(
    /^(?:[ \t]+[a-z][a-z0-9/-]*)+/,
  )?.[0];
  const named = rules?.trim().split(/[ \t]+/) ?? [];
  // Words after the mark that are no rules, such as a reason, are no restriction.
  const restricted = named.some((word) => /[-/]/.test(word) || word === rule);
  return !restricted || named.includes(rule);
}
