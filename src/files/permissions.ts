import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { AppError } from "../kernel/index.ts";

export const PRIVATE_DIR_MODE = 0o700;
export const PRIVATE_FILE_MODE = 0o600;

/**
 * Makes the folder (and its parents) readable by the owner only; an existing one is checked.
 * @throws AppError `insecure_permissions` when group or others have any right to it.
 */
export function ensurePrivateDir(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: PRIVATE_DIR_MODE });
  if (made !== undefined) chmodSync(path, PRIVATE_DIR_MODE);
  assertPrivate(path);
}

/**
 * @throws AppError `insecure_permissions`, with the command that mends it, when group or others can read or write
 * the file or folder, or when it belongs to somebody else. Windows has no such modes: nothing is checked there.
 */
export function assertPrivate(path: string): void {
  if (process.platform === "win32") return;
  const { mode, uid } = statSync(path);
  const isDirectory = statSync(path).isDirectory();
  if ((mode & 0o077) !== 0) {
    const wanted = isDirectory ? "700" : "600";
    throw new AppError(
      "insecure_permissions",
      `${path} can be read or written by others (mode ${octal(mode)})`,
      {
        hint: `chmod ${wanted} '${path}'`,
      },
    );
  }
  if (uid !== process.getuid?.()) {
    throw new AppError("insecure_permissions", `${path} belongs to user ${uid}, not to you`, {
      hint: `run Ownkey as its owner, or: sudo chown -R "$(id -u)" '${path}'`,
    });
  }
}

/** Checks a file only if it is there. */
export function assertPrivateIfPresent(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) assertPrivate(path);
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, "0");
}
