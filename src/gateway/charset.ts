import { isAscii } from "node:buffer";
import { AppError } from "../kernel/index.ts";

/** Character sets that write ASCII as UTF-8 does. */
const LIKE_ASCII: ReadonlySet<string> = new Set([
  "us-ascii",
  "ascii",
  "iso-8859-1",
  "latin1",
  "windows-1252",
]);

/**
 * JSON is UTF-8 (RFC 8259), and is judged as such. Whoever goes by another character set that the header names could
 * see other members in the same bytes, or more text. @throws AppError `ambiguous_body`.
 */
export function checkCharset(contentType: string, bytes: Uint8Array): void {
  const told = contentType.match(/charset/gi);
  if (told === null) return;
  const names = [...contentType.matchAll(/charset\s*=\s*"?([^\s";,]+)/gi)].map(([, name = ""]) => name);
  const isSame = (name: string) => /^utf-?8$/.test(name) || (LIKE_ASCII.has(name) && isAscii(bytes));
  if (names.length === told.length && names.every((name) => isSame(name.toLowerCase()))) return;
  throw new AppError("ambiguous_body", "the JSON body is said to be in another character set than UTF-8", {
    hint: "send it in UTF-8, and leave the charset out of its Content-Type",
  });
}
