import { AppError } from "../../kernel/index.ts";
import type { FileFormat } from "../files/tool-file.ts";
import type * as dotenv from "./dotenv-editor.ts";
import type { Editor } from "./editor.ts";
import type * as jsonc from "./jsonc-editor.ts";
import type * as shell from "./shell-editor.ts";
import type * as toml from "./toml-editor.ts";
import type * as yaml from "./yaml-editor.ts";

/** Loaded when the first file of their format is met: most commands that know tools change none, and need none. */
const EDITORS: Partial<Record<FileFormat, () => Editor>> = {
  jsonc: () => (require("./jsonc-editor.ts") as typeof jsonc).jsoncEditor,
  toml: () => (require("./toml-editor.ts") as typeof toml).tomlEditor,
  yaml: () => (require("./yaml-editor.ts") as typeof yaml).yamlEditor,
  dotenv: () => (require("./dotenv-editor.ts") as typeof dotenv).dotenvEditor,
  shell: () => (require("./shell-editor.ts") as typeof shell).posixShellEditor,
};

const fish = () => (require("./shell-editor.ts") as typeof shell).fishEditor;

/** @throws AppError `unsupported` for formats whose single values nobody changes from outside. */
export function editorOf(format: FileFormat, path: string): Editor {
  const load = format === "shell" && path.endsWith(".fish") ? fish : EDITORS[format];
  if (load) return load();
  throw new AppError("unsupported", `${path} is of a form that Ownkey does not change`, {
    hint: "change it by hand",
  });
}
