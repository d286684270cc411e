/** Some lines of a text and what stands there instead: for showing changes, and for undoing them one by one. */
export interface ChangedLines {
  /** Of the first line, from 1, in the text before. */
  readonly line: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Above this the lines between the first and the last change count as one change. */
const MOST_COMPARED = 4_000_000;

/** The fewest lines that make the one text into the other; lines keep their ends. */
export function changedLines(before: string, after: string): ChangedLines[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - start && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const left = a.slice(start, a.length - tail);
  const right = b.slice(start, b.length - tail);
  const pairs = left.length === right.length ? sameLines(left, right) : longestCommon(left, right);
  return between(pairs, left, right).map((change) => ({ ...change, line: change.line + start }));
}

type Pair = readonly [inBefore: number, inAfter: number];

/** What keeps the number of lines has mostly changed within lines. */
function sameLines(left: readonly string[], right: readonly string[]): Pair[] {
  return left.flatMap((line, index): Pair[] => (line === right[index] ? [[index, index]] : []));
}

function longestCommon(left: readonly string[], right: readonly string[]): Pair[] {
  if (left.length * right.length > MOST_COMPARED) return [];
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] =
        left[i] === right[j]
          ? (lengths[at + width + 1] ?? 0) + 1
          : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const at = i * width + j;
    if (left[i] === right[j]) pairs.push([i++, j++]);
    else if ((lengths[at + width] ?? 0) >= (lengths[at + 1] ?? 0)) i++;
    else j++;
  }
  return pairs;
}

function between(pairs: readonly Pair[], left: readonly string[], right: readonly string[]): ChangedLines[] {
  const changes: ChangedLines[] = [];
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...pairs, [left.length, right.length] as const]) {
    if (i < nextI || j < nextJ) {
      changes.push({ line: i + 1, before: left.slice(i, nextI), after: right.slice(j, nextJ) });
    }
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return changes;
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
