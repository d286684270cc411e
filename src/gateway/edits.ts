import { type Edit, insertMember, splice } from "../kernel/index.ts";
import type { Member, ScannedJson } from "./json-scan.ts";

export { type Edit, splice };

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
  if (options === undefined) return insertMember(scanned.root, `"stream_options":{"include_usage":true}`);
  if (options.kind === "object") return insertMember(options, `"include_usage":true`);
  return { start: options.start, end: options.end, text: `{"include_usage":true}` };
}
