import { AppError } from "../../kernel/index.ts";
import type { FileFormat } from "../files/tool-file.ts";
import type { Editor } from "./editor.ts";
import { jsoncEditor } from "./jsonc-editor.ts";

const EDITORS: Partial<Record<FileFormat, Editor>> = {
  jsonc: jsoncEditor,
};

/** @throws AppError `unsupported` for formats whose single values nobody changes from outside. */
export function editorOf(format: FileFormat, path: string): Editor {
  const editor = EDITORS[format];
  if (editor) return editor;
  throw new AppError("unsupported", `${path} is of a form that Ownkey does not change`, {
    hint: "change it by hand",
  });
}
