import type { Entry } from "../../scan/index.ts";
import type { KeyFile, KeyInFile, Occurrence } from "./key-file.ts";

/** Every place where one of the keys stands as a word of its own, in the order of the text. */
export function occurrencesOf(file: KeyFile, keys: readonly KeyInFile[]): Occurrence[] {
  const { text } = file;
  const lineAt = lineCounter(text);
  // Longer ones first, should one key be the beginning of another.
  const found = keys
    .toSorted((a, b) => b.value.length - a.value.length)
    .flatMap((key) =>
      offsetsOf(text, key.value).map((start) => ({ key, start, end: start + key.value.length })),
    )
    .toSorted((a, b) => a.start - b.start || b.end - a.end);
  let end = 0;
  return found.flatMap((one) => {
    if (one.start < end) return [];
    end = one.end;
    const line = lineAt(one.start);
    return [{ ...one, line, entry: entryOf(file, one.key, line) }];
  });
}

function offsetsOf(text: string, value: string): number[] {
  const offsets: number[] = [];
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
    const before = text.slice(Math.max(0, at - LONGEST_BEFORE), at);
    const after = text.slice(at + value.length, at + value.length + LONGEST_BEFORE);
    if (BEGINS.test(before) && ENDS.test(after)) offsets.push(at);
  }
  return offsets;
}

const LONGEST_BEFORE = 32;
/**
 * No part of a longer word stands before: nothing, or what only clings to it, which is an escape (`\n`, `%3D`, a colour) or
 * dashes that mark it in a text.
 */
const BEGINS =
  /(?:^|[^A-Za-z0-9_-]|\\(?:[nrtbf]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2}|\u001b\[[0-9;]{0,24}m)[_-]*$/;
const ENDS = /^[_-]*(?![A-Za-z0-9_-])/;

/** Of a `name`/`value` pair the entry under its name, which says more. */
function entryOf({ entries }: KeyFile, { value }: KeyInFile, line: number): Entry | undefined {
  return entries.findLast(
    (entry) => entry.line === line && (entry.value === value || entry.value === `Bearer ${value}`),
  );
}

/** Offsets must be asked for in ascending order. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (offset) => {
    while (next >= 0 && next < offset) {
      line++;
      next = text.indexOf("\n", next + 1);
    }
    return line;
  };
}
