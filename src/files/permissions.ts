import { chmodSync, mkdirSync, type Stats, statSync } from "node:fs";
import { AppError } from "../kernel/index.ts";

export const PRIVATE_DIR_MODE = 0o700;
export const PRIVATE_FILE_MODE = 0o600;

/**
 * Makes the folder, and what is missing above it, for the owner only; an existing one is checked and left as it is.
 * @throws AppError `insecure_permissions` when group or others have any right to it; `store_unavailable` when it
 *   cannot be made.
 */
export function ensurePrivateDir(path: string): void {
  try {
    const made = mkdirSync(path, { recursive: true, mode: PRIVATE_DIR_MODE });
    if (made !== undefined) chmodSync(path, PRIVATE_DIR_MODE);
  } catch (error) {
    throw new AppError("store_unavailable", `the folder ${path} cannot be made`, {
      hint: "check what is at that path, and the permissions of the folder above it",
      cause: error,
    });
  }
  assertPrivate(path);
}

/**
 * @throws AppError `insecure_permissions`, with the command that mends it, when group or others can read or write
 * the file or folder, or when it belongs to somebody else. Windows has no such modes: nothing is checked there.
 */
export function assertPrivate(path: string): void {
  check(path, statSync(path));
}

/** Checks a file only if it is there. */
export function assertPrivateIfPresent(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) check(path, stats);
}

function check(path: string, stats: Stats): void {
  if (process.platform === "win32") return;
  const { mode, uid } = stats;
  if ((mode & 0o077) !== 0) {
    throw new AppError(
      "insecure_permissions",
      `${path} can be read or written by others (mode ${octal(mode)})`,
      { hint: `chmod ${stats.isDirectory() ? "700" : "600"} ${shellQuoted(path)}` },
    );
  }
  if (uid !== process.getuid?.()) {
    throw new AppError("insecure_permissions", `${path} belongs to user ${uid}, not to you`, {
      hint: `run Ownkey as its owner, or: sudo chown -R "$(id -u)" ${shellQuoted(path)}`,
    });
  }
}

/** The hint is copied into a shell. */
function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, "0");
}
