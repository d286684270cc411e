import { statSync } from "node:fs";
import type { DoneRow } from "./database-rows.ts";
import type { Change, FileState, PlannedFile } from "./change.ts";
import { rowsToRestore } from "./large-database.ts";
import { stateOf } from "./plan-files.ts";
import { restoredState } from "./restored-state.ts";

/** What undoing does to one file. */
export interface UndoStep {
  readonly file: PlannedFile;
  readonly now: FileState | undefined;
  /** The whole file, rows of a large database, or nothing any more. */
  readonly next: FileState | RowsState | "gone";
}

interface RowsState {
  readonly rows: readonly DoneRow[];
  readonly mode: number;
}

/**
 * The last file first; files that stay as they are are left out.
 * @throws AppError `conflict` when our values cannot be told apart from what others wrote.
 */
export function undoSteps({ files }: Change, { force = false }: { readonly force?: boolean }): UndoStep[] {
  return files.toReversed().flatMap((file): UndoStep[] => {
    if (file.isLarge) return largeStep(file, force);
    const now = stateOf(file.target);
    const next = force ? forcedState(file, now) : restoredState(file, now);
    return next === undefined ? [] : [{ file, now, next }];
  });
}

function forcedState({ before }: PlannedFile, now: FileState | undefined): FileState | "gone" | undefined {
  if (!before) return now ? "gone" : undefined;
  return before;
}

/** A database that somebody has removed has nothing of ours in it. */
function largeStep(file: PlannedFile, force: boolean): UndoStep[] {
  const stats = statSync(file.target, { throwIfNoEntry: false });
  if (!stats?.isFile()) return [];
  const rows = rowsToRestore(file, force);
  const now = stats.mode & 0o777;
  const mode = now === file.after.mode ? (file.before?.mode ?? now) : now;
  return rows.length === 0 && mode === now ? [] : [{ file, now: undefined, next: { rows, mode } }];
}
