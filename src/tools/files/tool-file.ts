import type { Folders } from "../machine.ts";

/** How a file is written, as far as reading single values of it needs to know. */
export type FileFormat = "jsonc" | "toml" | "yaml" | "dotenv" | "shell" | "text" | "sqlite";

/**
 * `settings`: people write it. `keys`: made for holding credentials. `login`: a tool's own login to its maker's
 * account, which is not a provider key. `state`: the tool's memory. `history`: what was typed or said.
 */
export type FilePurpose = "settings" | "keys" | "login" | "state" | "history";

/** A file where a tool or the system keeps settings, keys or what was typed. Nothing here says that it exists. */
export interface ToolFile {
  /** Id as in `TOOLS`; or `shell`, `editor`, `package-manager`, `system` for what is no such tool. */
  readonly tool: string;
  /** Absolute. A `*` stands for any text within one segment, never for a leading dot. */
  readonly path: string;
  readonly format: FileFormat;
  readonly purpose: FilePurpose;
  /** Who copies it away from this machine, when somebody does: `sync extensions and dotfile repositories`. */
  readonly synced?: string;
}

export type FileTable = (folders: Folders) => readonly ToolFile[];

/** Rows of one tool: `[path, format, purpose]`. */
export function filesOf(
  tool: string,
  rows: readonly (readonly [path: string | undefined, format: FileFormat, purpose: FilePurpose])[],
): ToolFile[] {
  return rows.flatMap(([path, format, purpose]) =>
    path === undefined ? [] : [{ tool, path, format, purpose }],
  );
}
