import { AppError, fromUtf8, isJsonObject, type Json, parseJson, utf8 } from "../../kernel/index.ts";
import type { FileFormat } from "../files/tool-file.ts";
import type { DoneEdit } from "../edit/edit-text.ts";
import type { Change, ChangeState, DonePiece, DoneRow, FileState, PlannedFile } from "./change.ts";

const VERSION = 1;
/** With databases of which only rows are kept: to an older program their states would look like empty files. */
const VERSION_WITH_LARGE = 2;

/** A change as bytes to be stored encrypted: JSON, with the files' bytes in Base64. */
export function changeBytes({ id, tool, state, createdAtMs, files }: Change): Uint8Array {
  const stored = files.map(({ before, after, ...file }) => ({
    ...file,
    edits: file.edits.map(({ at, was, is }) => ({
      at,
      ...(was === undefined ? {} : { was }),
      ...(is === undefined ? {} : { is }),
    })),
    before: before ? storedState(before) : null,
    after: storedState(after),
  }));
  const version = files.some(({ isLarge }) => isLarge) ? VERSION_WITH_LARGE : VERSION;
  return utf8(JSON.stringify({ version, id, tool, state, createdAtMs, files: stored }));
}

/** @throws AppError `newer_format`, `corrupt`: they were stored encrypted, so nothing but a mistake changes them. */
export function changeOfBytes(bytes: Uint8Array): Change {
  const value = parseJson(fromUtf8(bytes));
  if (isJsonObject(value) && value["version"] !== VERSION && value["version"] !== VERSION_WITH_LARGE) {
    throw new AppError("newer_format", "an undo copy was made by a newer version of Ownkey", {
      hint: "update Ownkey, then undo",
    });
  }
  if (!isJsonObject(value) || !Array.isArray(value["files"])) {
    throw new AppError("corrupt", "an undo copy is not what Ownkey writes");
  }
  const stored = value as unknown as StoredChange;
  return {
    id: stored.id,
    tool: stored.tool,
    state: stored.state,
    createdAtMs: stored.createdAtMs,
    files: stored.files.map((file): PlannedFile => ({
      ...file,
      before: file.before ? openedState(file.before) : undefined,
      after: openedState(file.after),
      edits: file.edits.map(({ at, was, is }): DoneEdit => ({ at, was, is })),
    })),
  };
}

interface StoredState {
  readonly bytes: string;
  readonly mode: number;
}

interface StoredChange {
  readonly id: string;
  readonly tool: string;
  readonly state: ChangeState;
  readonly createdAtMs: number;
  readonly files: readonly {
    readonly path: string;
    readonly target: string;
    readonly format: FileFormat;
    readonly before: StoredState | null;
    readonly after: StoredState;
    readonly edits: readonly {
      readonly at: readonly (string | number)[];
      readonly was?: Json;
      readonly is?: Json;
    }[];
    readonly pieces: readonly DonePiece[];
    readonly rows?: readonly DoneRow[];
    readonly isLarge?: boolean;
    readonly newFolders: readonly string[];
  }[];
}

function storedState({ bytes, mode }: FileState): StoredState {
  return { bytes: Buffer.from(bytes).toString("base64"), mode };
}

function openedState({ bytes, mode }: StoredState): FileState {
  return { bytes: new Uint8Array(Buffer.from(bytes, "base64")), mode };
}
