/** The keys of the program `llm`: it takes one from its own file before one of a variable, and has no address for it. */
import { jsonEdit } from "./json-edit.ts";
import { jsonPathOf } from "./json-path.ts";
import type { Rewriter } from "./key-file.ts";

export const rewriteLlmKeys: Rewriter = (file, occurrence, lent) => {
  const { entry, key } = occurrence;
  if (file.tool !== "llm" || file.format !== "jsonc" || entry?.path.length !== 1) return undefined;
  if (lent.isConnected("llm", key.provider)) return undefined;
  const edit = jsonEdit(file, [{ at: jsonPathOf(file.text, entry.path), value: undefined }]);
  return (
    edit && {
      occurrence,
      way: "removed",
      edits: [edit],
      note: `start it with: ownkey run --connection ${key.connection} -- llm`,
    }
  );
};
