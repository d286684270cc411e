import { AppError, type Clock, type NewId } from "../../kernel/index.ts";
import { type FileLock, removeTemporaries, tryLock } from "../../files/index.ts";
import type { Change, ChangeSummary, FileRequest, PlannedFile, UndoStore } from "./change.ts";
import { setRows } from "./large-database.ts";
import { planFiles } from "./plan-files.ts";
import { undoSteps } from "./undo-steps.ts";
import { assertUnchanged, removeMade, writeState } from "./write-state.ts";

export interface ChangesOptions {
  readonly store: UndoStore;
  /** One change at a time, whichever process makes it. The file stays. */
  readonly lockPath: string;
  readonly clock: Clock;
  readonly newId: NewId;
}

const LOCK_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 20;

export interface UndoOptions {
  /** Give files back as they were, even when others have changed them since. */
  readonly force?: boolean;
}

/**
 * Changes files of tools, and undoes it. The intent with the original bytes is stored before the first byte is
 * written, and each file is replaced in one step: killed anywhere, the next call of any method puts back what was begun
 * and not finished. Whoever writes a file between our last look and our rename, some microseconds, loses that write.
 */
export class Changes {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** What `apply` would do; see {@link planFiles}. Writes nothing. */
  plan(requests: readonly FileRequest[]): PlannedFile[] {
    return planFiles(requests);
  }

  /**
   * Writes the files, all or none. An empty plan changes nothing and gives `undefined`.
   * @param tool whose change it is, as {@link ChangeSummary.tool}.
   * @throws AppError `conflict` when a file is not what it was when it was planned, or somebody else is at it;
   *   `store_unavailable` when one cannot be written. The others are put back then.
   */
  async apply(tool: string, files: readonly PlannedFile[]): Promise<ChangeSummary | undefined> {
    if (files.length === 0) return undefined;
    return await this.#locked(async () => {
      for (const file of files) assertUnchanged(file);
      const { clock, newId, store } = this.#options;
      const change: Change = {
        id: newId("blob"),
        tool,
        state: "applying",
        createdAtMs: clock.nowMs(),
        files,
      };
      await store.save(change);
      try {
        for (const file of files) {
          assertUnchanged(file);
          if (file.isLarge) setRows(file.target, file.rows ?? [], file.after.mode);
          else writeState(file, file.after);
        }
      } catch (error) {
        await this.#undo(change, {});
        throw error;
      }
      await store.save({ ...change, state: "applied" });
      const { id, createdAtMs } = change;
      return { id, tool, state: "applied", createdAtMs };
    });
  }

  /** The oldest first. */
  async list(): Promise<readonly ChangeSummary[]> {
    return await this.#options.store.list();
  }

  /** What undoing would do to the files now. @throws AppError `not_found`, `conflict`. */
  async planUndo(id: string, options: UndoOptions = {}): Promise<readonly UndonePreview[]> {
    return undoSteps(await this.#load(id), options).map(({ file, now, next }) => ({
      path: file.path,
      before: now?.bytes,
      after: next === "gone" || "rows" in next ? undefined : next.bytes,
    }));
  }

  /**
   * Puts the files back, and forgets the change. Changes of the same files are to be undone from the newest.
   * @throws AppError `not_found`; `conflict` when others have changed a file so that ours cannot be taken out of it:
   *   then nothing is written.
   */
  async undo(id: string, options: UndoOptions = {}): Promise<void> {
    await this.#load(id);
    await this.#locked(async () => {
      // What was begun and not finished has been taken back by now.
      const change = await this.#options.store.load(id);
      if (change) await this.#undo(change, options);
    });
  }

  /** Forgets how to undo a change; the files stay as they are. @throws AppError `not_found`. */
  async purge(id: string): Promise<void> {
    await this.#locked(async () => {
      await this.#load(id);
      await this.#options.store.remove(id);
    });
  }

  /** Undoes what was begun and not finished. Every other method that writes does this first. */
  async recover(): Promise<void> {
    const pending = async () => (await this.list()).filter(({ state }) => state !== "applied");
    if ((await pending()).length === 0) return;
    await this.#locked(async () => {});
  }

  async #undo(change: Change, options: UndoOptions): Promise<void> {
    const { store } = this.#options;
    // All of it is worked out before anything is written.
    const steps = undoSteps(change, options);
    if (steps.length > 0 && change.state === "applied") await store.save({ ...change, state: "undoing" });
    for (const { file, next } of steps) {
      if (next === "gone") removeMade(file);
      else if ("rows" in next) setRows(file.target, next.rows, next.mode);
      else writeState({ ...file, newFolders: [] }, next);
    }
    await store.remove(change.id);
  }

  async #load(id: string): Promise<Change> {
    const change = await this.#options.store.load(id);
    if (change) return change;
    throw new AppError("not_found", "there is no such change to undo", {
      hint: "run: ownkey tools undo --list",
    });
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = await this.#lock();
    try {
      await this.#recover();
      return await work();
    } finally {
      lock.close();
    }
  }

  /** Another command is waited for, for a short while. */
  async #lock(): Promise<FileLock> {
    const { clock, lockPath } = this.#options;
    const lastMomentMs = clock.monotonicMs() + LOCK_WITHIN_MS;
    for (;;) {
      const lock = tryLock(lockPath);
      if (lock) return lock;
      if (clock.monotonicMs() > lastMomentMs) {
        throw new AppError("conflict", "another command changes files of tools at this moment", {
          hint: "try again when it has ended",
        });
      }
      await Bun.sleep(LOOK_EVERY_MS);
    }
  }

  /** The newest first: an older change may be below it. */
  async #recover(): Promise<void> {
    for (const { id, state } of (await this.list()).toReversed()) {
      if (state === "applied") continue;
      const change = await this.#options.store.load(id);
      if (!change) continue;
      for (const { target } of change.files) removeTemporaries(target);
      try {
        await this.#undo(change, {});
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "conflict") throw error;
        // Somebody went on with the file as it was: theirs now, and still to be undone by force.
        await this.#options.store.save({ ...change, state: "applied" });
      }
    }
  }
}

/** One file as it is and as undoing would make it; `after` is `undefined` when it goes, or is too large to be held. */
export interface UndonePreview {
  readonly path: string;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}
