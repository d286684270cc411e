import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, equalBytes } from "../../kernel/index.ts";
import { PRIVATE_DIR_MODE, syncDir, writeDurable } from "../../files/index.ts";
import type { FileState, PlannedFile } from "./change.ts";
import { assertClosed } from "./closed-database.ts";
import { assertRowsUnchanged } from "./large-database.ts";
import { stateOf, targetOf } from "./plan-files.ts";

export function sameState(a: FileState | undefined, b: FileState | undefined): boolean {
  if (!a || !b) return a === b;
  return a.mode === b.mode && equalBytes(a.bytes, b.bytes);
}

/** @throws AppError `conflict` when the file is not what it was when the change was planned. */
export function assertUnchanged(file: PlannedFile): void {
  const { path, target, before, isLarge = false } = file;
  const isPlace = targetOf(path) === target;
  if (isLarge && isPlace) return assertRowsUnchanged(file);
  if (isPlace && sameState(stateOf(target), before)) return;
  throw new AppError(
    "conflict",
    `${path} was changed by somebody else meanwhile; nothing of it was overwritten`,
    {
      hint: "close the program that writes it, then try again",
    },
  );
}

/** Writes a file whole, with its mode, and reads it back. @throws AppError `store_unavailable`, `conflict`. */
export function writeState({ target, format, newFolders }: PlannedFile, state: FileState): void {
  if (format === "sqlite") assertClosed(target);
  try {
    for (const folder of newFolders) mkdirSync(folder, { recursive: true, mode: PRIVATE_DIR_MODE });
    writeDurable(target, state.bytes, state.mode);
  } catch (error) {
    throw new AppError("store_unavailable", `${target} cannot be written`, {
      hint: "check the permissions of its folder, and the space on the disk",
      cause: error,
    });
  }
  if (sameState(stateOf(target), state)) return;
  throw new AppError("store_unavailable", `${target} does not hold what was written to it`, {
    hint: "another program writes it at the same time: close it, then try again",
  });
}

/** Removes a file that a change has made, and the folders that were made for it, as far as they are empty. */
export function removeMade({ target, newFolders }: PlannedFile): void {
  rmSync(target, { force: true });
  syncDir(dirname(target));
  for (const folder of newFolders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return; // Somebody has put something there.
    }
  }
}
