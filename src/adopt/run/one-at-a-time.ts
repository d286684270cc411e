import { join } from "node:path";
import { type FileLock, tryLock } from "../../files/index.ts";
import { AppError } from "../../kernel/index.ts";

/**
 * Does something that takes keys in or gives them back, one at a time on a home, whichever process does it. The lock ends
 * with the process.
 * @throws AppError `conflict` when somebody else is at it.
 */
export async function oneAtATime<Result>(home: string, work: () => Promise<Result>): Promise<Result> {
  const lock: FileLock | undefined = tryLock(join(home, "adopt.lock"));
  if (!lock) {
    throw new AppError("conflict", "another command takes keys in, or gives them back, at this moment", {
      hint: "try again when it has ended",
    });
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}
