import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateDir } from "../files/index.ts";

/** A log file of at most about twice this size: the current one and the one before. */
const LARGEST_BYTES = 10 * 1024 * 1024;

export interface LogFile {
  readonly path: string;
  write(line: string): void;
  close(): void;
}

/** Appends to `log/ownkey.log` of the home. A full disk loses log lines, never a request. */
export function openLogFile(home: string): LogFile {
  const folder = join(home, "log");
  ensurePrivateDir(folder);
  const path = join(folder, "ownkey.log");
  let handle = openSync(path, "a", 0o600);
  let sizeBytes = fstatSync(handle).size;

  const rotate = () => {
    renameSync(path, `${path}.1`);
    const former = handle;
    // The former handle is closed last: a number that is free may soon be another file's.
    handle = openSync(path, "a", 0o600);
    sizeBytes = 0;
    closeSync(former);
  };

  return {
    path,
    write(line) {
      try {
        if (sizeBytes > LARGEST_BYTES) rotate();
        sizeBytes += writeSync(handle, line);
      } catch {
        // There is nowhere to report it.
      }
    },
    close: () => closeSync(handle),
  };
}
