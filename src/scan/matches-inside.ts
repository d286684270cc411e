import { concatBytes } from "../kernel/index.ts";
import { encodedTextsAt, mayBeEncodedText } from "./encoded-text.ts";
import type { Match, Matcher } from "./matcher.ts";
import { BEFORE_CHARS } from "./rule.ts";
import { endOfRun, nextRun } from "./runs.ts";

/** The login of a Docker registry in a Kubernetes secret is encoded twice. */
const DEEPEST = 2;

/**
 * The secrets in what is encoded in base64 at a run, as matches of the letters that hold them. What stands before the
 * letters counts as standing before the text: `MISTRAL_API_KEY: …`.
 */
export function matchesInside(
  matcher: Matcher,
  bytes: Uint8Array,
  { start, end, namesTell }: { readonly start: number; readonly end: number; readonly namesTell: boolean },
  depth = 1,
): Match[] {
  if (!mayBeEncodedText(bytes, start, end)) return [];
  const before = bytes.subarray(Math.max(0, start - BEFORE_CHARS), start);
  for (const encoded of encodedTextsAt(bytes, start)) {
    const text = concatBytes(before, encoded.text);
    const found = matchesFrom(matcher, text, { from: before.length, namesTell, depth });
    if (found.length > 0)
      return found.map((match) => ({ ...match, start, end: encoded.end, form: "base64" }));
  }
  return [];
}

function matchesFrom(
  matcher: Matcher,
  text: Uint8Array,
  { from, namesTell, depth }: { readonly from: number; readonly namesTell: boolean; readonly depth: number },
): Match[] {
  const matches: Match[] = [];
  let covered = from;
  for (let start = nextRun(text, from, text.length); start >= 0;) {
    const end = endOfRun(text, start);
    const deeper = depth < DEEPEST ? matchesInside(matcher, text, { start, end, namesTell }, depth + 1) : [];
    const match = deeper.length > 0 ? undefined : matcher.match(text, start, end, namesTell);
    const found = match && match.start >= covered ? [match] : deeper;
    matches.push(...found);
    covered = Math.max(covered, ...found.map((one) => one.end));
    start = nextRun(text, Math.max(end + 1, covered), text.length);
  }
  return matches;
}
