import { lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Readers } from "../origin.ts";

/** Who has the right to read a file by its own mode, and who really can, as folders above may be closed. */
export interface Access {
  readonly byMode: Readers;
  readonly really: Readers;
  /** Group or others may change it. */
  readonly writable: boolean;
}

/** `undefined` when it is not there, or where there are no modes (Windows). */
export function accessOf(path: string): Access | undefined {
  if (process.platform === "win32") return undefined;
  const stats = statOf(path);
  if (!stats) return undefined;
  const byMode = readersBy(stats.mode, 0o4);
  return { byMode, really: narrowed(byMode, path), writable: (stats.mode & 0o022) !== 0 };
}

/** Without the right to pass a folder above it, a file cannot be read, whatever its own mode says. */
function narrowed(byMode: Readers, path: string): Readers {
  let readers = byMode;
  for (let folder = dirname(path); readers !== "owner"; folder = dirname(folder)) {
    const stats = statOf(folder);
    const passers = stats ? readersBy(stats.mode, 0o1) : "owner";
    if (passers === "owner" || (passers === "group" && readers === "everyone")) readers = passers;
    if (folder === dirname(folder)) break;
  }
  return readers;
}

function readersBy(mode: number, bit: number): Readers {
  return (mode & bit) !== 0 ? "everyone" : (mode & (bit << 3)) !== 0 ? "group" : "owner";
}

function statOf(path: string): Stats | undefined {
  try {
    // Of a link it is the target that is read.
    return lstatSync(path).isSymbolicLink() ? statSync(path) : lstatSync(path);
  } catch {
    return undefined;
  }
}
