/** Settings that hold keys and that nobody reads: they go. */
import { isGuideSetting } from "../read/cursor-format.ts";
import { jsonEdit } from "./json-edit.ts";
import { jsonPathOf } from "./json-path.ts";
import type { KeyFile, Occurrence, Rewriter } from "./key-file.ts";

/**
 * The guide's settings, which Cursor does not read; and keys in VS Code's list of models, which it ignores when they are
 * plain text.
 */
export const removeUnread: Rewriter = (file, occurrence) => {
  const { entry } = occurrence;
  if (file.format !== "jsonc" || !entry || !isUnread(file, occurrence)) return undefined;
  const edit = jsonEdit(file, [{ at: jsonPathOf(file.text, entry.path), value: undefined }]);
  return edit && { occurrence, way: "removed", edits: [edit], note: "nothing reads this setting" };
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
