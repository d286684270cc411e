import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/**
 * The bytes of a file that others have put there. `undefined` when it cannot be read, when it is larger, or when it is no
 * regular file: a pipe or device is never waited for.
 */
export function readSmallFile(path: string, mostBytes: number): Uint8Array | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(handle);
    return stats.isFile() && stats.size <= mostBytes ? readFileSync(handle) : undefined;
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
