import type { Caller, VirtualKeys } from "../../access/index.ts";
import { type AppError, toAppError } from "../../kernel/index.ts";
import type { Changes, ChangeSummary } from "../../tools/index.ts";
import { adoptionOfChange, adoptionOfPurpose } from "./names.ts";

export interface UndoableChange extends ChangeSummary {
  /** Files that undoing would touch, as their tools name them; empty when they are as they were. */
  readonly paths: readonly string[];
  /** Why it cannot be undone as it is. */
  readonly problem?: string;
}

export interface UndoneChange {
  readonly change: UndoableChange;
  readonly error?: AppError;
}

/**
 * Every change that can still be undone, the oldest first, with its files. What a newer one of them has changed as well
 * is no problem: that one is undone first.
 */
export async function undoableChanges(changes: Changes): Promise<UndoableChange[]> {
  const found: UndoableChange[] = [];
  const ofNewer = new Set<string>();
  for (const change of (await changes.list()).toReversed()) {
    try {
      const steps = await changes.planUndo(change.id);
      found.unshift({ ...change, paths: steps.map(({ path }) => path) });
    } catch (error) {
      const { code, message, details } = toAppError(error);
      if (code === "not_found") continue;
      const path = details?.["path"];
      const paths = typeof path === "string" ? [path] : [];
      found.unshift({
        ...change,
        paths,
        ...(paths.some((one) => ofNewer.has(one)) ? {} : { problem: message }),
      });
    }
    for (const path of found[0]?.paths ?? []) ofNewer.add(path);
  }
  return found;
}

/**
 * Undoes these, the newest first, each by itself: what cannot be undone stays and is told, and the others go on.
 * @param force give files back as they were, even when others have changed them since.
 */
export async function undoChanges(
  changes: Changes,
  wanted: readonly UndoableChange[],
  { force }: { readonly force: boolean },
): Promise<UndoneChange[]> {
  const undone: UndoneChange[] = [];
  for (const change of wanted.toReversed()) {
    try {
      await changes.undo(change.id, { force });
      undone.push({ change });
    } catch (error) {
      undone.push({ change, error: toAppError(error) });
    }
  }
  return undone;
}

/**
 * Revokes virtual keys that were made for files of adoptions of which no change is left: they were undone, or never came
 * to be. Only to be called by whoever holds the lock of adoptions: one that is under way has made its virtual keys before
 * its changes. Gives their names.
 */
export async function revokeUnused(
  caller: Caller,
  { changes, virtualKeys }: { changes: Pick<Changes, "list">; virtualKeys: VirtualKeys },
): Promise<string[]> {
  const adoptions = new Set((await changes.list()).map(({ tool }) => adoptionOfChange(tool)));
  const revoked: string[] = [];
  for (const { id, name, state, policy } of await virtualKeys.list()) {
    const adoption = adoptionOfPurpose(policy.purpose);
    if (adoption === undefined || state === "revoked" || adoptions.has(adoption)) continue;
    await virtualKeys.revoke(caller, id);
    revoked.push(name);
  }
  return revoked;
}
