import { statSync } from "node:fs";
import type { Origin } from "./store-state.ts";

export interface DatabaseFile {
  /** `undefined` on a database server, which nobody copies by copying a file. */
  readonly path: string | undefined;
  /** When the home was restored, while nobody has confirmed that. */
  readonly restoredAtMs: number | undefined;
}

/**
 * What tells this database from a copy of it: its file's number, which a renamed or moved file keeps and a copy does
 * not have. Not the device's: it may be another one after the machine was started anew.
 */
export function originOf({ path, restoredAtMs }: DatabaseFile): Origin {
  return {
    place: path === undefined ? "" : `file ${statSync(path, { bigint: true }).ino}`,
    ...(restoredAtMs === undefined ? {} : { restore: String(restoredAtMs) }),
  };
}
