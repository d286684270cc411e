import { fromUtf8, maskSecrets } from "../../kernel/index.ts";

/** A line of a diff: there before (`-`), there after (`+`), or both. */
export interface DiffLine {
  readonly mark: "-" | "+" | " ";
  readonly text: string;
}

/** Lines in a row. */
export interface DiffPart {
  /** Of its first line, from 1, in the text before. */
  readonly line: number;
  readonly lines: readonly DiffLine[];
}

const CONTEXT_LINES = 2;
/** Above this many lines that differ, the middle is shown as removed and added. */
const MOST_CELLS = 4_000_000;

/**
 * What a change does to a text, for people: only the lines around it, and every secret masked, known or of the shape of
 * one. Empty when only the mode or white space at line ends changes nothing that lines show.
 */
export function maskedDiff(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  secrets: readonly string[] = [],
): DiffPart[] {
  return partsOf(diffLines(linesOf(before), linesOf(after))).map(({ line, lines }) => ({
    line,
    lines: lines.map(({ mark, text }) => ({ mark, text: maskSecrets(text, secrets) })),
  }));
}

function linesOf(bytes: Uint8Array | undefined): string[] {
  if (!bytes || bytes.length === 0) return [];
  const lines = fromUtf8(bytes).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before.at(-1 - end) === after.at(-1 - end)
  ) {
    end++;
  }
  const same = (text: string): DiffLine => ({ mark: " ", text });
  return [
    ...before.slice(0, start).map(same),
    ...diffMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function diffMiddle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const removed = before.map((text): DiffLine => ({ mark: "-", text }));
  const added = after.map((text): DiffLine => ({ mark: "+", text }));
  const width = after.length + 1;
  if (before.length === 0 || after.length === 0 || before.length * width > MOST_CELLS)
    return [...removed, ...added];
  const lengths = new Uint32Array((before.length + 1) * width);
  const lengthAt = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j]
          ? lengthAt(i + 1, j + 1) + 1
          : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      lines.push({ mark: " ", text: before[i] ?? "" });
      i++;
      j++;
    } else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) lines.push({ mark: "-", text: before[i++] ?? "" });
    else lines.push({ mark: "+", text: after[j++] ?? "" });
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)];
}

function partsOf(lines: readonly DiffLine[]): DiffPart[] {
  const parts: { line: number; lines: DiffLine[] }[] = [];
  let lineBefore = 1;
  let lastShown = -1;
  for (const [index, line] of lines.entries()) {
    const near = lines.slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1);
    if (near.some(({ mark }) => mark !== " ")) {
      const part = lastShown === index - 1 ? parts.at(-1) : undefined;
      if (part) part.lines.push(line);
      else parts.push({ line: lineBefore, lines: [line] });
      lastShown = index;
    }
    if (line.mark !== "+") lineBefore++;
  }
  return parts;
}
