import { existsSync, lstatSync, readdirSync, readlinkSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ensurePrivateDir, type FileLock, syncDir, tryLock } from "../files/index.ts";
import { AppError, formatTime } from "../kernel/index.ts";
import { systemCode } from "./failures.ts";

/**
 * Beside a home `H`, while a restore is under way: `H.restoring/` with `restore.lock`, `partial/` (being unpacked)
 * or `ready/` (whole and checked). Names decide what a crash left: `ready` without `H` means that only the last
 * rename is missing; anything else was not begun, or is done.
 */
const READY = "ready";

/** Runs `work` with the home's own restoring folder, empty but for the lock, and removes it afterwards. */
export async function withRestoreFolder<T>(home: string, work: (folder: string) => Promise<T>): Promise<T> {
  finishRestore(home);
  const folder = restoringFolder(home);
  makeBeside(folder);
  const lock = lockFolder(folder);
  try {
    return await work(folder);
  } finally {
    removeFolder(folder, home);
    lock.close();
  }
}

/**
 * Moves the old home aside and the unpacked one into its place. @returns where the old one is, or `null`.
 * @throws AppError `unsupported` when the home cannot be renamed (a mount point); nothing was changed then.
 */
export function putInPlace(move: {
  home: string;
  folder: string;
  unpacked: string;
  nowMs: number;
}): string | null {
  const home = realHome(move.home);
  const ready = join(move.folder, READY);
  renameSync(move.unpacked, ready);
  syncDir(move.folder);
  try {
    const previous = removeIfEmpty(home) ? null : moveAside(home, move.nowMs);
    replaceMissing(home, ready, previous);
    syncDir(dirname(home));
    return previous;
  } catch (error) {
    throw notRenamable(home, error);
  }
}

function makeBeside(folder: string): void {
  try {
    ensurePrivateDir(folder);
  } catch (error) {
    throw notRenamable(folder, error);
  }
}

/** Mount points, and homes in a folder of somebody else: usual in containers. */
function notRenamable(path: string, error: unknown): unknown {
  if (!["EBUSY", "EXDEV", "EACCES", "EPERM", "EROFS"].includes(systemCode(error) ?? "")) return error;
  return new AppError("unsupported", `${path} cannot be made or renamed: a restore works beside the home`, {
    hint: "restore into another folder with OWNKEY_HOME=…, then copy its content into the empty home",
    cause: error,
  });
}

/**
 * To be called before a home is opened or made: completes a restore that was killed between its two renames, and
 * clears what a killed one left. Cheap when there is nothing to do.
 * @returns true when a home was put in place.
 * @throws AppError `conflict` while a restore is running.
 */
export function finishRestore(home: string): boolean {
  const folder = restoringFolder(home);
  if (!existsSync(folder)) return false;
  const lock = lockFolder(folder);
  try {
    const target = realHome(home);
    const isUnfinished = !existsSync(target) && existsSync(join(folder, READY));
    if (isUnfinished) {
      renameSync(join(folder, READY), target);
      syncDir(dirname(target));
    }
    return isUnfinished;
  } finally {
    removeFolder(folder, home);
    lock.close();
  }
}

function restoringFolder(home: string): string {
  return `${realHome(home)}.restoring`;
}

/** Where the home is, or will be, when its name is a link. */
function realHome(home: string): string {
  const path = resolve(home);
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink ? realHome(resolve(dirname(path), readlinkSync(path))) : path;
}

function lockFolder(folder: string): FileLock {
  const lock = tryLock(join(folder, "restore.lock"));
  if (lock !== undefined) return lock;
  throw new AppError("conflict", "a restore of this home is running", { retryable: true });
}

/** Under the lock. Never while the folder holds the only copy: `ready` with no home stays for the next call. */
function removeFolder(folder: string, home: string): void {
  if (existsSync(join(folder, READY)) && !existsSync(realHome(home))) return;
  rmSync(folder, { recursive: true, force: true });
}

/** Puts the new home where none is; if that fails, the old one comes back. */
function replaceMissing(home: string, ready: string, previous: string | null): void {
  try {
    renameSync(ready, home);
  } catch (error) {
    if (previous !== null) renameSync(previous, home);
    throw error;
  }
}

/** True when no folder is there afterwards. */
function removeIfEmpty(home: string): boolean {
  if (!existsSync(home)) return true;
  if (readdirSync(home).length > 0) return false;
  rmdirSync(home);
  return true;
}

function moveAside(home: string, nowMs: number): string {
  const time = formatTime(nowMs)
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  const base = `${home}.before-restore-${time}`;
  let previous = base;
  for (let number = 2; existsSync(previous); number++) previous = `${base}-${number}`;
  renameSync(home, previous);
  return previous;
}
