/** Settings that hold keys and that nobody reads: they go. */
import { modify } from "jsonc-parser";
import { isGuideSetting } from "../read/cursor-format.ts";
import { jsonPathOf, layoutOf } from "./json-layout.ts";
import type { KeyFile, Occurrence, Rewriter } from "./key-file.ts";
import { applyEdits, editBetween } from "./text-edit.ts";

/**
 * The guide's settings, which Cursor does not read; and keys in VS Code's list of models, which it ignores when they are
 * plain text.
 */
export const removeUnread: Rewriter = (file, occurrence) => {
  const { entry } = occurrence;
  if (file.format !== "jsonc" || !entry || !isUnread(file, occurrence)) return undefined;
  const { text } = file;
  const edits = modify(text, jsonPathOf(text, entry.path), undefined, {
    formattingOptions: layoutOf(text),
  }).map(({ offset, length, content }) => ({ start: offset, end: offset + length, text: content }));
  return {
    occurrence,
    way: "removed",
    edits: [editBetween(text, applyEdits(text, edits))],
    note: "nothing reads this setting",
  };
};

function isUnread({ path, tool }: KeyFile, { entry }: Occurrence): boolean {
  const name = entry?.path.join(".") ?? "";
  if (/[\\/]chatLanguageModels\.json$/.test(path)) return entry?.path.at(-1) === "apiKey";
  const isEditor = tool === "cursor" || tool === "vscode" || tool === "windsurf";
  return (
    isEditor &&
    /settings\.json$|\.code-workspace$/.test(path) &&
    isGuideSetting(name.replace(/^settings\./, ""))
  );
}
