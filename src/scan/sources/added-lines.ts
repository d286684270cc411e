import { ByteReader } from "./byte-reader.ts";

const LINE_FEED = 0x0a;
const HUNK = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/;
/** More of a line is of no interest: a whole file may be one. */
const LONGEST_HUNK = 100;

/**
 * Which lines of one file a diff without context (`--unified=0`) adds or changes. All of them when git tells no lines,
 * as of a file that it takes for binary.
 */
export async function addedLines(diff: AsyncIterable<Uint8Array>): Promise<(line: number) => boolean> {
  const reader = new ByteReader(diff);
  const hunks: { first: number; count: number }[] = [];
  for (;;) {
    const line = await reader.textUntil(LINE_FEED, LONGEST_HUNK);
    if (line === undefined) break;
    // Lines of the content begin with a sign.
    const [, first, count = "1"] = HUNK.exec(line) ?? [];
    if (first !== undefined) hunks.push({ first: Number(first), count: Number(count) });
  }
  return (line) =>
    hunks.length === 0 || hunks.some(({ first, count }) => line >= first && line < first + count);
}
