import type { Provider } from "../../providers/index.ts";
import type { Entry } from "../../scan/index.ts";
import type { FileFormat, FilePurpose, FileRequest } from "../../tools/index.ts";
import type { TextEdit } from "./text-edit.ts";

/** A file with keys in it, as a rewriter sees it. */
export interface KeyFile {
  readonly path: string;
  /** Id as in `TOOLS`, or `shell`, `dotenv` and the like; absent for files of no tool. */
  readonly tool: string | undefined;
  readonly format: FileFormat | undefined;
  readonly purpose: FilePurpose | undefined;
  /** Without a BOM. */
  readonly text: string;
  /** What the text says, as far as the format is read. */
  readonly entries: readonly Entry[];
}

/** A key of the vault that stands in the file. */
export interface KeyInFile {
  /** The plain text. */
  readonly value: string;
  readonly provider: Provider;
  /** Name of the connection whose key it is. */
  readonly connection: string;
  /** Name of the key within it. */
  readonly name: string;
}

/** What a file can be given instead of keys. */
export interface Lent {
  readonly virtualKey: string;
  /** Without a slash at its end. */
  readonly gatewayUrl: string;
  /** Absolute path of the command that prints tokens; without one nothing is given a command. */
  readonly program?: string;
  /** Tools whose requests go to the gateway whatever these files say: a virtual key is enough for them. */
  readonly isConnected: (tool: string, provider: Provider) => boolean;
  /** Where a tool keeps its settings, when its keys lie somewhere else. */
  readonly settingsOf: (tool: string) => string | undefined;
  /** What other files say, without a BOM. */
  readonly readText: (path: string) => string | undefined;
}

/** One place of one key in the file. */
export interface Occurrence {
  readonly key: KeyInFile;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** The setting that holds it, when the format is read and the value is the key, alone or behind `Bearer `. */
  readonly entry: Entry | undefined;
}

/** From the best to the least; nobody needs what was removed. */
export type Way = "command" | "reference" | "virtual_key" | "removed";

export interface Replaced {
  readonly occurrence: Occurrence;
  readonly way: Way;
  readonly edits: readonly TextEdit[];
  /** What belongs to it in other files: they change with this one, or none does. */
  readonly others?: readonly FileRequest[];
  /** Where requests of whoever reads the file go now, when it says so itself. */
  readonly baseUrl?: string;
  /** What the user has to know or do. */
  readonly note?: string;
}

export interface LeftAlone {
  readonly occurrence: Occurrence;
  readonly why: string;
  readonly hint: string;
}

/** Decides about one place; `undefined` when it is none of its business. */
export type Rewriter = (
  file: KeyFile,
  occurrence: Occurrence,
  lent: Lent,
) => Replaced | LeftAlone | undefined;

/** How a key is named where something resolves it: `ownkey run`, `ownkey inject`. */
export function referenceTo({ connection, name }: Pick<KeyInFile, "connection" | "name">): string {
  return `ownkey://${connection}/${name}`;
}

/** The address of the key's connection at the gateway. */
export function connectionUrl({ connection }: KeyInFile, { gatewayUrl }: Lent, path: string): string {
  return `${gatewayUrl}/c/${connection}${path}`;
}

/** A virtual key in the key's place, and the gateway's address beside it. */
export function lentKey(
  occurrence: Occurrence,
  lent: Lent,
  { baseUrl, beside }: { readonly baseUrl: string; readonly beside: readonly TextEdit[] },
): Replaced {
  const { start, end } = occurrence;
  return {
    occurrence,
    way: "virtual_key",
    baseUrl,
    edits: [{ start, end, text: lent.virtualKey }, ...beside],
  };
}
