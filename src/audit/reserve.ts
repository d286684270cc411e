import { closeSync, constants, fsyncSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { AppError, type Randomness, systemRandomness } from "../kernel/index.ts";

/** Disk space kept back for the entries without which nothing could be revoked on a full disk. */
export interface Reserve {
  /** Makes the file unless it is whole. `false` when the disk has no room for it now: to be tried again later. */
  ensure(): boolean;
  /** Gives the space back to the disk. `false` when there was none. */
  release(): boolean;
}

export const RESERVE_SIZE_BYTES = 8 * 1024 * 1024;

const CHUNK_BYTES = 1024 * 1024;

/**
 * The reserve as a file of random bytes, which neither sparse files nor a compressing file system make smaller.
 * Losing it to a crash costs nothing: {@link Reserve.ensure} makes it anew.
 */
export function createReserve(
  path: string,
  sizeBytes = RESERVE_SIZE_BYTES,
  randomness: Randomness = systemRandomness,
): Reserve {
  const sizeNow = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    ensure() {
      if (sizeNow() === sizeBytes) return true;
      try {
        fill(path, sizeBytes, randomness);
        return true;
      } catch (error) {
        rmSync(path, { force: true });
        if (isFull(error)) return false;
        throw error;
      }
    },
    release() {
      const held = sizeNow() > 0;
      rmSync(path, { force: true });
      return held;
    },
  };
}

/**
 * For revoke, disable and lock: does the work, and when the disk is full does it once more with the reserve
 * released. Whoever holds the reserve makes it again, from a timer, once the disk has room.
 */
export async function withReserve<T>(reserve: Reserve, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const full = error instanceof AppError && error.code === "storage_full";
    if (!full || !reserve.release()) throw error;
    return await work();
  }
}

function fill(path: string, sizeBytes: number, randomness: Randomness): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const handle = openSync(path, flags, 0o600);
  try {
    for (let left = sizeBytes; left > 0;) left -= writeSync(handle, randomness(Math.min(left, CHUNK_BYTES)));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function isFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}
