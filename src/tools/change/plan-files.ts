import { lstatSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../../kernel/index.ts";
import { PRIVATE_FILE_MODE } from "../../files/index.ts";
import { closeText, editText, openText, type OpenText } from "../edit/edit-text.ts";
import type { FileRequest, FileState, PlannedFile, TextEdit } from "./change.ts";
import { assertClosed } from "./closed-database.ts";
import { editRows } from "./database-rows.ts";
import { rowsToSet } from "./large-database.ts";

/** Files of settings are small; something larger is not what it seems to be. */
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Works out what files would be; writes nothing. Files that would stay as they are are left out, and several requests
 * for the same file become one.
 * @throws AppError `damaged_file` (it has errors), `unsupported` (it is no file of one's own that can be replaced),
 *   `too_large`.
 */
export function planFiles(requests: readonly FileRequest[]): PlannedFile[] {
  const byTarget = Map.groupBy(requests, ({ path }) => targetOf(path));
  return [...byTarget].flatMap(([target, [first, ...others]]) => {
    const planned = first && planFile(target, [first, ...others]);
    return planned ? [planned] : [];
  });
}

function planFile(
  target: string,
  requests: readonly [FileRequest, ...FileRequest[]],
): PlannedFile | undefined {
  const [{ path, format }] = requests;
  if (format === "sqlite" && isLarge(target)) return planLargeDatabase(target, requests);
  const before = stateOf(target);
  if (format === "sqlite") return before && planDatabase(target, before, requests);
  const edits = requests.flatMap((request) => request.edits ?? []);
  const pieces = requests.flatMap((request) => request.pieces ?? []);
  if (!before && pieces.length === 0 && edits.every(({ value }) => value === undefined)) return undefined;
  const opened: OpenText = before ? openText(before.bytes, path) : { text: "", bom: false };
  const replaced = withPieces(opened.text, pieces);
  const edited =
    edits.length === 0 ? { text: replaced, done: [] } : editText(replaced, edits, { format, path });
  const mode = before ? modeOf(before, requests) : PRIVATE_FILE_MODE;
  const bytes =
    edited.text === opened.text && before ? before.bytes : closeText({ ...opened, text: edited.text });
  if (before && bytes === before.bytes && mode === before.mode) return undefined;
  return {
    path,
    target,
    format,
    before,
    after: { bytes, mode },
    edits: edited.done,
    pieces: pieces.map(({ start, end, text }) => ({ was: opened.text.slice(start, end), is: text })),
    newFolders: missingFolders(dirname(target)),
  };
}

function planDatabase(
  target: string,
  before: FileState,
  requests: readonly [FileRequest, ...FileRequest[]],
): PlannedFile | undefined {
  const [{ path, format }] = requests;
  assertClosed(target);
  const edits = requests.flatMap((request) => request.rows ?? []);
  const { bytes, done } = editRows(before.bytes, edits, path);
  const mode = modeOf(before, requests);
  if (bytes === before.bytes && mode === before.mode) return undefined;
  const after = { bytes, mode };
  return { path, target, format, before, after, edits: [], pieces: [], rows: done, newFolders: [] };
}

function planLargeDatabase(
  target: string,
  requests: readonly [FileRequest, ...FileRequest[]],
): PlannedFile | undefined {
  const [{ path, format }] = requests;
  assertClosed(target);
  const before = { bytes: NO_BYTES, mode: modeOfOwn(target) };
  const rows = rowsToSet(
    target,
    requests.flatMap((request) => request.rows ?? []),
  );
  const after = { bytes: NO_BYTES, mode: modeOf(before, requests) };
  if (rows.length === 0 && after.mode === before.mode) return undefined;
  return { path, target, format, before, after, edits: [], pieces: [], rows, isLarge: true, newFolders: [] };
}

const NO_BYTES = new Uint8Array(0);

/** Whether a database has more than is held in memory. */
function isLarge(target: string): boolean {
  return (statSync(target, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_FILE_BYTES;
}

function modeOf(before: FileState, requests: readonly FileRequest[]): number {
  return requests.some(({ makePrivate }) => makePrivate) ? before.mode & 0o700 : before.mode;
}

/** Pieces are made from the end, so that offsets stay those of the text as it was. */
function withPieces(text: string, pieces: readonly TextEdit[]): string {
  let end = text.length;
  let result = text;
  for (const piece of pieces.toSorted((a, b) => b.start - a.start || b.end - a.end)) {
    if (piece.end > end || piece.start > piece.end) throw new RangeError("pieces overlap");
    result = result.slice(0, piece.start) + piece.text + result.slice(piece.end);
    end = piece.start;
  }
  return result;
}

/** A link in the path is followed, so that dotfiles kept elsewhere stay linked. */
export function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new AppError("unsupported", `${path} is a link to nothing`, {
        hint: "remove the link, or put back what it points to",
        cause: error,
      });
    }
    return path;
  }
}

/** `undefined` when there is no file. @throws AppError `unsupported`, `too_large`. */
export function stateOf(target: string): FileState | undefined {
  const stats = statSync(target, { throwIfNoEntry: false });
  if (!stats) return undefined;
  assertOurs(target, stats);
  if (stats.size > LARGEST_FILE_BYTES) {
    throw new AppError("too_large", `${target} has ${stats.size} bytes, which is no file of settings`);
  }
  return { bytes: readFileSync(target), mode: stats.mode & 0o777 };
}

function modeOfOwn(target: string): number {
  const stats = statSync(target);
  assertOurs(target, stats);
  return stats.mode & 0o777;
}

/** @throws AppError `unsupported`. */
function assertOurs(target: string, stats: Stats): void {
  if (!stats.isFile()) throw notOurs(`${target} is not a file`, "look at what is there");
  if (process.getuid !== undefined && stats.uid !== process.getuid())
    throw notOurs(`${target} belongs to another user`, "ask its owner, or an administrator, to change it");
  // Renaming over it would leave the other name with the old text, keys included.
  if (stats.nlink > 1)
    throw notOurs(
      `${target} has ${stats.nlink} names (hard links)`,
      "make it a file of its own, or a symbolic link",
    );
}

function notOurs(message: string, hint: string): AppError {
  return new AppError("unsupported", `${message}; it was left as it is`, { hint });
}

function missingFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let at = folder; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at))
    missing.unshift(at);
  return missing;
}
