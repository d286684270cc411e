/**
 * Changes to files of tools: planned as bytes first, shown as a diff, then written, and undone byte by byte. What is
 * kept for undoing holds the original bytes and with them perhaps keys, so it is for the vault only.
 */
import type { FileFormat } from "../files/tool-file.ts";
import type { ValueEdit, ValuePath } from "../edit/editor.ts";
import type { DoneEdit } from "../edit/edit-text.ts";
import type { DoneRow, RowEdit } from "./database-rows.ts";

/** A piece of a text and what stands there instead. Offsets are in UTF-16 units of the text without its BOM. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What is to be done to one file. */
export interface FileRequest {
  /** Absolute. A link is followed: what it points to is changed, and the link stays. */
  readonly path: string;
  readonly format: FileFormat;
  /** Values to set; a file that is not there is made, unless all of them only take something out. */
  readonly edits?: readonly ValueEdit[];
  /** Pieces of the text to replace, before the values are set. They must not overlap. */
  readonly pieces?: readonly TextEdit[];
  /** Values of a database to set; it must not be open anywhere. Nothing else is changed in it then. */
  readonly rows?: readonly RowEdit[];
  /** Takes every right of group and others away. New files are always for the owner only. */
  readonly makePrivate?: boolean;
}

/** A file as it is or is to be. */
export interface FileState {
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** A piece of text that was replaced, for undoing in a file that changed since. */
export interface DonePiece {
  readonly was: string;
  readonly is: string;
}

/** One file of a planned change: what it was when it was read, and what it will be. */
export interface PlannedFile {
  /** As its tool names it. */
  readonly path: string;
  /** What is written: the path itself, or what the link there leads to. */
  readonly target: string;
  readonly format: FileFormat;
  /** `undefined` when there was no file. */
  readonly before: FileState | undefined;
  readonly after: FileState;
  readonly edits: readonly DoneEdit[];
  readonly pieces: readonly DonePiece[];
  /** Of a database. */
  readonly rows?: readonly DoneRow[];
  /** A database that is not held in memory: of both states only the modes are known, and its rows are all of the change. */
  readonly isLarge?: boolean;
  /** Folders that have to be made for it, the outermost first. */
  readonly newFolders: readonly string[];
}

/**
 * `applying`: begun; some of its files may be written. `applied`: done. `undoing`: some of its files may be restored.
 * A change that is found `applying` or `undoing` was interrupted, and is undone to its end.
 */
export type ChangeState = "applying" | "applied" | "undoing";

export interface ChangeSummary {
  readonly id: string;
  /** Whose files: a tool's id, or `adopt`. */
  readonly tool: string;
  readonly state: ChangeState;
  readonly createdAtMs: number;
}

/** A change with everything that undoing it needs. */
export interface Change extends ChangeSummary {
  readonly files: readonly PlannedFile[];
}

/**
 * Where changes are kept; app.ts wires it to the vault's encrypted blobs. Each call is durable when it resolves.
 * `changeBytes` and `changeOfBytes` give and take what is to be stored.
 */
export interface UndoStore {
  /** The oldest first. Needs no unlocked vault. */
  list(): Promise<readonly ChangeSummary[]>;
  /** `undefined` when there is none. */
  load(id: string): Promise<Change | undefined>;
  /** Adds it, or replaces the one with its id. */
  save(change: Change): Promise<void>;
  remove(id: string): Promise<void>;
}

export type { DoneRow, RowEdit, ValueEdit, ValuePath };
