import { editText, type ValueEdit } from "../../tools/index.ts";
import type { KeyFile } from "./key-file.ts";
import { editBetween, type TextEdit } from "./text-edit.ts";

/** Values set in a text of JSON, as one edit of `before`; `undefined` where that cannot be done without touching more. */
export function jsonEdit(
  { path, text: before }: Pick<KeyFile, "path" | "text">,
  edits: readonly ValueEdit[],
  from = before,
): TextEdit | undefined {
  try {
    return editBetween(before, editText(from, edits, { format: "jsonc", path }).text);
  } catch {
    return undefined;
  }
}
