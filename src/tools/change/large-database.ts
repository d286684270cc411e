/**
 * Databases that are too large to be held: an editor's state has some hundred megabytes. SQLite copies such a one on the
 * disk, values are set in the copy, and the copy takes its place in one step. For undoing only those values are kept.
 */
import { Database } from "bun:sqlite";
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncDir } from "../../files/index.ts";
import { AppError } from "../../kernel/index.ts";
import { openUnchanged } from "../unchanged-database.ts";
import type { PlannedFile } from "./change.ts";
import { assertClosed } from "./closed-database.ts";
import {
  type DoneRow,
  FORMAT_VERSIONS,
  type RowEdit,
  setValue,
  unchangeable,
  valueOf,
} from "./database-rows.ts";

/** What edits would do; ones that change nothing are left out. @throws AppError `conflict`, `damaged_file`. */
export function rowsToSet(target: string, edits: readonly RowEdit[]): DoneRow[] {
  return inDatabase(target, (database) =>
    edits.flatMap((edit) => {
      const was = valueOf(database, edit);
      return was === undefined || was === edit.value ? [] : [{ ...edit, was }];
    }),
  );
}

/** What takes our values back, where they still stand; with `force` wherever a row is. */
export function rowsToRestore({ target, rows = [] }: PlannedFile, force: boolean): DoneRow[] {
  const ours = inDatabase(target, (database) =>
    rows.filter((row) => {
      const now = valueOf(database, row);
      return force ? now !== undefined && now !== row.was : now === row.value;
    }),
  );
  return ours.toReversed().map((row) => ({ ...row, was: row.value, value: row.was }));
}

/** @throws AppError `conflict` when a value is not what it was when the change was planned. */
export function assertRowsUnchanged({ path, target, rows = [] }: PlannedFile): void {
  assertClosed(target);
  const isUnchanged = inDatabase(target, (database) =>
    rows.every((row) => valueOf(database, row) === row.was),
  );
  if (isUnchanged) return;
  throw new AppError(
    "conflict",
    `${path} was changed by somebody else meanwhile; nothing of it was overwritten`,
    { hint: "close the program that writes it, then try again" },
  );
}

/**
 * Sets values, and nothing of what they were is left in the file. It has its mode, and is read back.
 * @throws AppError `conflict` when a program has it open; `store_unavailable`, when the disk has no room for a copy.
 */
export function setRows(target: string, rows: readonly RowEdit[], mode: number): void {
  assertClosed(target);
  const copy = join(dirname(target), `.${basename(target)}.${crypto.randomUUID()}.tmp`);
  try {
    copyDatabase(target, copy);
    setIn(copy, rows);
    makeLike(target, copy, mode);
    assertClosed(target);
    renameSync(copy, target);
    syncDir(dirname(target));
  } catch (error) {
    if (existsSync(copy)) rmSync(copy);
    if (error instanceof AppError) throw error;
    throw new AppError("store_unavailable", `${target} cannot be written`, {
      hint: "it is replaced by a copy: make room for one on its disk, and check the permissions of its folder",
      cause: error,
    });
  }
}

function copyDatabase(from: string, to: string): void {
  const database = openUnchanged(from);
  try {
    // Without free pages, in which older values could be left.
    database.run("VACUUM INTO ?", [to]);
  } finally {
    database.close();
  }
}

function setIn(path: string, rows: readonly RowEdit[]): void {
  const database = new Database(path);
  try {
    // A copy that is not finished is thrown away.
    database.run("PRAGMA journal_mode=OFF");
    database.run("PRAGMA secure_delete=ON");
    database.transaction(() => {
      for (const row of rows) setValue(database, row, row.value);
    })();
    if (rows.every((row) => valueOf(database, row) === row.value)) return;
  } finally {
    database.close();
  }
  throw new Error("the copy does not hold what was written to it");
}

/** In the mode that the database is kept in, with its permissions, and on the disk. */
function makeLike(target: string, copy: string, mode: number): void {
  const [from, to] = FORMAT_VERSIONS;
  const versions = new Uint8Array(to - from + 1);
  const source = openSync(target, "r");
  const handle = openSync(copy, "r+");
  try {
    readSync(source, versions, 0, versions.length, from);
    writeSync(handle, versions, 0, versions.length, from);
    fchmodSync(handle, mode);
    fsyncSync(handle);
  } finally {
    closeSync(source);
    closeSync(handle);
  }
}

function inDatabase<Result>(path: string, look: (database: Database) => Result): Result {
  let database: Database | undefined;
  try {
    database = openUnchanged(path);
    return look(database);
  } catch (error) {
    throw unchangeable(path, error);
  } finally {
    database?.close();
  }
}
