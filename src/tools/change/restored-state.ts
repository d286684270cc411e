import { AppError } from "../../kernel/index.ts";
import { closeText, type DoneEdit, editText, openText, parseFile } from "../edit/edit-text.ts";
import type { ValuePath } from "../edit/editor.ts";
import type { FileFormat } from "../files/tool-file.ts";
import { saysAll, valueAt } from "../edit/values.ts";
import type { FileState, PlannedFile } from "./change.ts";
import { restoreRows } from "./database-rows.ts";
import { sameState } from "./write-state.ts";

/**
 * What undoing makes of a file that is `now`: what it was, byte by byte, when nobody has written it since; else what it
 * is with only our own values taken back. `gone` = the file is to be removed; `undefined` = it stays as it is.
 * @throws AppError `conflict` when our values cannot be told apart from what others wrote.
 */
export function restoredState(file: PlannedFile, now: FileState | undefined): FileState | "gone" | undefined {
  const { before, after } = file;
  if (sameState(now, before)) return undefined;
  if (sameState(now, after)) return before ?? "gone";
  // Somebody has removed it: what was in it before is not wanted either.
  if (!now) return undefined;
  const mode = now.mode === after.mode && before ? before.mode : now.mode;
  const bytes =
    file.format === "sqlite"
      ? restoreRows(now.bytes, file.rows ?? [], file.path)
      : withoutOurs(file, now.bytes);
  return sameState({ bytes, mode }, now) ? undefined : { bytes, mode };
}

function withoutOurs(file: PlannedFile, bytes: Uint8Array): Uint8Array {
  const { path, format, edits, pieces } = file;
  const opened = openText(bytes, path);
  let { text } = opened;
  for (const edit of edits.toReversed()) text = withoutEdit(text, edit, file);
  for (const { was, is } of pieces.toReversed()) {
    const at = text.indexOf(is);
    if (is === "" || at < 0 || text.indexOf(is, at + 1) >= 0) throw changedSince(path);
    text = text.slice(0, at) + was + text.slice(at + is.length);
  }
  const restored = closeText({ ...opened, text });
  if (edits.length > 0) parseFile(restored, format, path);
  else if (pieces.length > 0 && STRUCTURED.has(format)) assertReadable(restored, format, path);
  return restored;
}

const STRUCTURED: ReadonlySet<FileFormat> = new Set(["jsonc", "toml", "yaml"]);

/** What others wrote may not fit beside what stood there before. */
function assertReadable(bytes: Uint8Array, format: FileFormat, path: string): void {
  try {
    parseFile(bytes, format, path);
  } catch {
    throw changedSince(path);
  }
}

/** A value that others have changed since is theirs. */
function withoutEdit(text: string, edit: DoneEdit, { format, path }: PlannedFile): string {
  const document = parseFile(closeText({ text, bom: false }), format, path);
  const at = placeNow(edit, (place) => valueAt(document, place));
  return at === undefined ? text : editText(text, [{ at, value: edit.was }], { format, path }).text;
}

/**
 * Where our value stands now: entries of lists move when others are put before them. An object to which the tool has
 * added something of its own is ours all the same.
 */
function placeNow(
  { at, is }: DoneEdit,
  valueOf: (at: ValuePath) => ReturnType<typeof valueAt>,
): ValuePath | undefined {
  if (saysAll(valueOf(at), is)) return at;
  if (typeof at.at(-1) !== "number" || is === undefined) return undefined;
  const list = valueOf(at.slice(0, -1));
  const index = Array.isArray(list) ? list.findIndex((value) => saysAll(value, is)) : -1;
  return index < 0 ? undefined : [...at.slice(0, -1), index];
}

function changedSince(path: string): AppError {
  return new AppError("conflict", `${path} was changed since, so that it cannot be undone piece by piece`, {
    hint: "with --force it becomes what it was before, and what was changed since is lost",
    details: { path },
  });
}
