/**
 * Reads what `git diff-tree --stdin -z` and `git diff --raw -z` print:
 *
 *     <commit> NUL :<old mode> <new mode> <old id> <new id> <letter> NUL <path> NUL …
 *
 * where the commit is there with `diff-tree` only.
 */
import type { ByteReader } from "./byte-reader.ts";

/** A content that a commit, or the index, brings in. */
export interface Change {
  readonly id: string;
  readonly path: string;
  /** Empty for the index. */
  readonly commit: string;
}

const NUL = 0;
const RECORD = /^\n?:[0-7]{6} ([0-7]{6}) [0-9a-f]{40,64} ([0-9a-f]{40,64}) [A-Z]\d*$/;
const COMMIT = /^\n?([0-9a-f]{40,64})(?: |$)/;
/** Links hold a path, submodules a commit. */
const FILE_MODE = /^100/;
const NO_OBJECT = /^0+$/;

export async function* readChanges(reader: ByteReader): AsyncGenerator<Change> {
  let commit = "";
  for (;;) {
    const token = await reader.textUntil(NUL);
    if (token === undefined) return;
    const [, mode, id] = RECORD.exec(token) ?? [];
    if (mode === undefined || id === undefined) {
      commit = COMMIT.exec(token)?.[1] ?? commit;
      continue;
    }
    const path = await reader.textUntil(NUL);
    if (path !== undefined && FILE_MODE.test(mode) && !NO_OBJECT.test(id)) yield { id, path, commit };
  }
}
