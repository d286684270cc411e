import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PRIVATE_FILE_MODE } from "./permissions.ts";

/**
 * Replaces a file so that after a crash it holds either the old or the new content, whole: a temporary file beside
 * the target, write, fsync, rename, fsync of the folder. The mode defaults to the owner only.
 */
export function writeDurable(path: string, content: Uint8Array | string, mode = PRIVATE_FILE_MODE): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeNew(temporary, content, mode, constants.O_TRUNC);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDir(dirname(path));
}

/**
 * Creates a file that was not there, durably.
 * @throws the system's `EEXIST` when it exists: of two callers at once one succeeds.
 */
export function createDurable(path: string, content: Uint8Array | string, mode = PRIVATE_FILE_MODE): void {
  writeNew(path, content, mode, constants.O_EXCL);
  syncDir(dirname(path));
}

/** Makes names that were created, renamed or removed in the folder survive a power loss. */
export function syncDir(path: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function writeNew(path: string, content: Uint8Array | string, mode: number, flag: number): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const handle = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | flag, mode);
  try {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(handle, bytes, offset);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
