import { AppError } from "../../kernel/index.ts";
import type { FileFormat } from "../files/tool-file.ts";
import { dotenvEditor } from "./dotenv-editor.ts";
import type { Editor } from "./editor.ts";
import { jsoncEditor } from "./jsonc-editor.ts";
import { fishEditor, posixShellEditor } from "./shell-editor.ts";
import { tomlEditor } from "./toml-editor.ts";
import { yamlEditor } from "./yaml-editor.ts";

const EDITORS: Partial<Record<FileFormat, Editor>> = {
  jsonc: jsoncEditor,
  toml: tomlEditor,
  yaml: yamlEditor,
  dotenv: dotenvEditor,
  shell: posixShellEditor,
};

/** @throws AppError `unsupported` for formats whose single values nobody changes from outside. */
export function editorOf(format: FileFormat, path: string): Editor {
  const editor = format === "shell" && path.endsWith(".fish") ? fishEditor : EDITORS[format];
  if (editor) return editor;
  throw new AppError("unsupported", `${path} is of a form that Ownkey does not change`, {
    hint: "change it by hand",
  });
}
