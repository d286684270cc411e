import { ByteReader } from "./byte-reader.ts";

const LINE_FEED = 0x0a;
const HUNK = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/;

/**
 * Which lines of one file a diff without context (`--unified=0`) adds or changes. All of them when git tells no lines,
 * as of a file that it takes for binary.
 */
export async function addedLines(diff: AsyncIterable<Uint8Array>): Promise<(line: number) => boolean> {
  const reader = new ByteReader(diff);
  const hunks: { first: number; count: number }[] = [];
  for (;;) {
    const line = await reader.textUntil(LINE_FEED);
    if (line === undefined) break;
    // Lines of the content begin with a sign.
    const [, first, count = "1"] = HUNK.exec(line) ?? [];
    if (first !== undefined) hunks.push({ first: Number(first), count: Number(count) });
  }
  return (line) =>
    hunks.length === 0 || hunks.some(({ first, count }) => line >= first && line < first + count);
}
