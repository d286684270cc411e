/** A piece of a text and what is to stand there. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with pieces replaced. They do not overlap; all offsets are of the text as it was. */
export function spliced(text: string, ...splices: readonly Splice[]): string {
  let result = text;
  for (const { start, end, text: piece } of splices.toSorted((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + piece + result.slice(end);
  }
  return result;
}

export function endOfLine(text: string): "\r\n" | "\n" {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Where the line begins in which an offset lies. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Behind the line break of the line in which an offset lies. */
export function nextLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

/** White space that a line begins with. */
export function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? "";
}

/**
 * What goes when a piece goes: its whole lines when nothing else stands on them, else the piece with the blanks behind
 * it, or before it at the end of a line.
 */
export function removalOf(text: string, start: number, end: number): Splice {
  const before = lineStart(text, start);
  const blanksBefore = /[ \t]*$/.exec(text.slice(before, start))?.[0].length ?? 0;
  const blanksAfter = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  const atLineStart = start - blanksBefore === before;
  const atLineEnd = /^(?:\r?\n|$)/.test(text.slice(end + blanksAfter));
  if (atLineStart && atLineEnd) {
    const next = nextLine(text, end);
    return { start: before, end: next, text: "" };
  }
  if (atLineEnd) return { start: start - blanksBefore, end: end + blanksAfter, text: "" };
  return { start, end: end + blanksAfter, text: "" };
}
