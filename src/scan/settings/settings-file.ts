import type { FileFormat, FilePurpose } from "../../tools/index.ts";
import type { Entry } from "./entry.ts";
import { withNamedPairs } from "./named-pairs.ts";
import { readJsonc } from "./read-jsonc.ts";
import { readToml, readVariables, readYaml } from "./read-lines.ts";

/** Whose decision a file is: the machine's administrator, this user, or whoever wrote the project. */
export type Scope = "machine" | "user" | "project";

/** A file that a tool reads, as checks of wrong settings see it. */
export interface SettingsFile {
  /** Absolute; `environment` for the variables of this session. */
  readonly path: string;
  readonly tool: string;
  readonly scope: Scope;
  readonly format: FileFormat;
  readonly purpose: FilePurpose;
  readonly synced?: string;
  /** The tool has acted on it before asking whether the folder is trusted. */
  readonly beforeTrust?: boolean;
  readonly entries: readonly Entry[];
}

/** The texts in a file of that format; nothing for formats that are not read. */
export function readEntries(text: string, format: FileFormat): Entry[] {
  switch (format) {
    case "jsonc":
      return withNamedPairs(readJsonc(text));
    case "toml":
      return readToml(text);
    case "yaml":
      return readYaml(text);
    case "dotenv":
    case "shell":
      return readVariables(text);
    case "text":
    case "sqlite":
      return [];
  }
}

/** The environment of this session as a settings file of its own. */
export function environmentFile(variables: Readonly<Record<string, string | undefined>>): SettingsFile {
  const entries = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [{ path: [name], value, line: 0, column: 0 }],
  );
  return {
    path: "environment",
    tool: "shell",
    scope: "user",
    format: "dotenv",
    purpose: "settings",
    entries,
  };
}
