import { maskSecrets } from "../../kernel/index.ts";
import {
  type DiffLine,
  type DiffPart,
  type DoneRow,
  maskedDiff,
  type PlannedFile,
} from "../../tools/index.ts";

/** What a change does to one file, for people: no secret in it. */
export interface FilePreview {
  readonly path: string;
  readonly isNew: boolean;
  /** Permission bits before and after, when they change. */
  readonly modes: readonly [before: number, after: number] | undefined;
  readonly parts: readonly DiffPart[];
}

export function previewOf(file: PlannedFile, secrets: readonly string[]): FilePreview {
  const { path, before, after, rows } = file;
  const changesMode = before !== undefined && before.mode !== after.mode;
  return {
    path,
    isNew: before === undefined,
    modes: changesMode ? [before.mode, after.mode] : undefined,
    parts: rows ? rows.map((row) => rowPart(row, secrets)) : maskedDiff(before?.bytes, after.bytes, secrets),
  };
}

function rowPart(row: DoneRow, secrets: readonly string[]): DiffPart {
  const [was, is] = [row.was, row.value].map((value) => maskSecrets(value, secrets)) as [string, string];
  const from = firstDifference(was, is);
  const line = (mark: DiffLine["mark"], text: string) => ({
    mark,
    text: `${row.table} ${row.key.value}: ${around(text, from)}`,
  });
  return { line: 0, lines: [line("-", was), line("+", is)] };
}

const AROUND_CHARS = 40;

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at++;
  return at;
}

/** Values may be long; the text is masked already. */
function around(text: string, at: number): string {
  const from = Math.max(0, at - AROUND_CHARS);
  const to = at + 2 * AROUND_CHARS;
  return `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
}
