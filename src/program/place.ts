/** One home, one running program: who has the place, and waiting for it to be free. */
import { existsSync } from "node:fs";
import { answeringProgram, claimRunning, runDir, type Running } from "../control/index.ts";
import type { FileLock } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";

const LOOK_EVERY_MS = 50;
/** A program that starts answers within this time, or something is wrong with it. */
const ANSWERS_WITHIN_MS = 10_000;

/** The place of the running program, or the program that has it, as soon as that answers. */
export type Place = { readonly lock: FileLock } | { readonly running: Running };

/** @throws AppError `conflict` when somebody holds the place and does not answer. */
export async function takePlace(home: string): Promise<Place> {
  // The holder may have just begun and not answer yet, or be about to end.
  const found = await look(ANSWERS_WITHIN_MS, async (): Promise<Place | undefined> => {
    const lock = claimRunning(home);
    if (lock) return { lock };
    const running = await answeringProgram(home);
    return running && { running };
  });
  if (found) return found;
  throw new AppError("conflict", "another Ownkey holds this home and does not answer", {
    hint: "ownkey down; if that does not help, end the process that `ownkey up` started",
  });
}

/** Waits until no program holds the place; false when one still does at the end of the time. */
export async function untilPlaceIsFree(home: string, limitMs: number): Promise<boolean> {
  // Looking must not make a home where there is none.
  if (!existsSync(runDir(home))) return true;
  const free = await look(limitMs, () => {
    const lock = claimRunning(home);
    lock?.close();
    return lock !== undefined || undefined;
  });
  return free ?? false;
}

/** Looks again and again; `undefined` when the time is over. */
export async function look<Found>(
  limitMs: number,
  once: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found | undefined> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const found = await once();
    if (found !== undefined || performance.now() >= deadlineMs) return found;
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
