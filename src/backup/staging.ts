import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_DIR_MODE, tryLock } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { STAGING_NAME } from "./contents.ts";

/**
 * Runs `work` with an empty private folder inside the home, where plain copies lie no more exposed than the home
 * itself, and removes it afterwards. One at a time: what lies there under the lock was left by a killed process.
 * @throws AppError `conflict` while another backup or verification uses it.
 */
export async function withStagingFolder<T>(home: string, work: (folder: string) => Promise<T>): Promise<T> {
  const lock = lockStaging(home);
  if (lock === undefined) {
    throw new AppError("conflict", `another backup or verification is running on ${home}`, {
      hint: "wait for it to end",
      retryable: true,
    });
  }
  const folder = join(home, STAGING_NAME);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: PRIVATE_DIR_MODE });
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    lock.close();
  }
}

/**
 * Removes the plain copies that a killed backup or verification left in the home. Cheap when there are none; the
 * next backup does it as well.
 */
export function removeStaleCopies(home: string): void {
  const folder = join(home, STAGING_NAME);
  if (!existsSync(folder)) return;
  const lock = lockStaging(home);
  if (lock === undefined) return;
  try {
    rmSync(folder, { recursive: true, force: true });
  } finally {
    lock.close();
  }
}

function lockStaging(home: string): ReturnType<typeof tryLock> {
  return tryLock(join(home, "backup.lock"));
}
