import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { PRIVATE_FILE_MODE } from "./permissions.ts";

/**
 * Replaces a file so that after a crash it holds either the old or the new content, whole: a temporary file beside
 * the target, write, fsync, rename, fsync of the folder. The mode defaults to the owner only. A symbolic link at the
 * path is replaced itself; what it points to stays as it is. A crash may leave a `.NAME.….tmp` behind.
 */
export function writeDurable(path: string, content: Uint8Array | string, mode = PRIVATE_FILE_MODE): void {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  writeNew(temporary, content, mode);
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDir(dirname(path));
}

/** Removes what {@link writeDurable} has left beside a file in a crash. Only for whoever knows that nobody writes it now. */
export function removeTemporaries(path: string): void {
  const folder = dirname(path);
  const begin = `.${basename(path)}.`;
  const uuidLength = 36;
  for (const name of namesIn(folder)) {
    const isOurs =
      name.startsWith(begin) && name.endsWith(".tmp") && name.length === begin.length + uuidLength + 4;
    if (isOurs) rmSync(join(folder, name), { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Creates a file that was not there, durably; when it cannot be written whole, it is gone again. Only a crash in
 * between can leave a part of it.
 * @throws the system's `EEXIST` when it exists, be it as a link to nowhere: of two callers at once one succeeds.
 */
export function createDurable(path: string, content: Uint8Array | string, mode = PRIVATE_FILE_MODE): void {
  writeNew(path, content, mode);
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

/** O_EXCL: the file, with its mode, is ours from its first byte, and no link is followed. */
function writeNew(path: string, content: Uint8Array | string, mode: number): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const handle = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    // The umask may have taken away rights that were asked for.
    fchmodSync(handle, mode);
    for (let offset = 0; offset < bytes.length;) offset += writeSync(handle, bytes, offset);
    fsyncSync(handle);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}
