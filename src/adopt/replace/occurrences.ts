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
    if (!isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + value.length])) offsets.push(at);
  }
  return offsets;
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z0-9_-]/.test(character);
}

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
