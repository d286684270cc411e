import type { TextEdit } from "./text-edit.ts";

/** Above this the lines between the first and the last change are one piece. */
const MOST_COMPARED = 4_000_000;

/** Whole lines that make the one text into the other: pieces of lines could stand in the file more than once. */
export function piecesBetween(before: string, after: string): TextEdit[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - start && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const left = a.slice(start, a.length - tail);
  const right = b.slice(start, b.length - tail);
  const kept = left.length === right.length ? sameLines(left, right) : longestCommon(left, right);
  return withNeighbours(before, pieces(sizeOf(a.slice(0, start)), kept, left, right));
}

/** Where lines were only taken out, the line above stands for the place: undoing has to find it again. */
function withNeighbours(before: string, found: readonly TextEdit[]): TextEdit[] {
  return found.map((piece, index) => {
    const { start, end, text } = piece;
    const above = before.lastIndexOf("\n", start - 2) + 1;
    if (text !== "" || start === 0 || above < (found[index - 1]?.end ?? 0)) return piece;
    return { start: above, end, text: before.slice(above, start) };
  });
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
  const lengthAt = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) pairs.push([i++, j++]);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

function pieces(
  offset: number,
  kept: readonly Pair[],
  left: readonly string[],
  right: readonly string[],
): TextEdit[] {
  const found: TextEdit[] = [];
  let at = offset;
  let i = 0;
  let j = 0;
  for (const [nextI, nextJ] of [...kept, [left.length, right.length] as const]) {
    const removed = left.slice(i, nextI);
    const end = at + sizeOf(removed);
    if (i < nextI || j < nextJ) found.push({ start: at, end, text: right.slice(j, nextJ).join("") });
    at = end + (left[nextI]?.length ?? 0);
    i = nextI + 1;
    j = nextJ + 1;
  }
  return found;
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}

/** With their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
