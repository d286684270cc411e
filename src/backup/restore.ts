import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_DIR_MODE } from "../files/index.ts";
import { AppError, type Clock, formatTime } from "../kernel/index.ts";
import { isDatabase, isEmptyHome, listHome } from "./contents.ts";
import { isInUse } from "./databases.ts";
import { explained } from "./failures.ts";
import { putInPlace, withRestoreFolder } from "./home-swap.ts";
import type { OnProgress } from "./progress.ts";
import { markRestored } from "./restored.ts";
import type { OpenWith } from "./seal.ts";
import { unpack } from "./unpack.ts";

export interface RestoreBackupOptions {
  readonly file: string;
  readonly with: OpenWith;
  readonly home: string;
  /** Confirmed by the user: an existing home is moved aside. */
  readonly replace: boolean;
  readonly schemaVersion: number;
  readonly clock: Clock;
  readonly onProgress?: OnProgress;
}

export interface RestoreReport {
  readonly home: string;
  readonly vaultId: string;
  /** When the backup was made. */
  readonly createdAt: string;
  readonly files: number;
  /** Where the former home is; `null` when there was none, or an empty folder. */
  readonly previousHome: string | null;
}

/**
 * Puts a backup in the place of a home: unpacks and checks all of it in a folder beside the home first, then renames.
 * The home is the old or the new one, whole, whatever happens; after a crash between two renames it is missing until
 * {@link finishRestore} runs. An existing home is never deleted but moved to `<home>.before-restore-<time>`.
 * The restored home carries a mark ({@link readRestored}).
 * @throws AppError `confirmation_needed` when the home is not empty and `replace` is not set, `conflict` when another
 *   process uses it, and what {@link unpack} throws; nothing was changed then.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoreReport> {
  const { file, home, clock } = options;
  await explained(`reading ${file}`, () => statSync(file));
  assertReplaceable(options);
  return explained(`restoring ${home}`, () =>
    withRestoreFolder(home, async (folder) => {
      const partial = join(folder, "partial");
      mkdirSync(partial, { mode: PRIVATE_DIR_MODE });
      const manifest = await unpack({ ...options, folder: partial });
      const restoredAtMs = clock.nowMs();
      const { createdAtMs, vaultId } = manifest;
      markRestored(partial, { restoredAtMs, backupCreatedAtMs: createdAtMs, vaultId });
      // Unpacking took a while: somebody may have started Ownkey meanwhile.
      assertReplaceable(options);
      const previousHome = putInPlace({ home, folder, unpacked: partial, nowMs: restoredAtMs });
      return {
        home,
        vaultId,
        createdAt: formatTime(createdAtMs),
        files: manifest.files.length,
        previousHome,
      };
    }),
  );
}

function assertReplaceable({ home, replace }: RestoreBackupOptions): void {
  if (isEmptyHome(home)) return;
  if (!replace) {
    throw new AppError("confirmation_needed", `${home} is not empty`, {
      hint: "with --replace it is moved aside, nothing of it is deleted",
      details: { home, entries: readdirSync(home).length },
    });
  }
  const used = listHome(home).files.filter(({ name }) => isDatabase(name) && isInUse(join(home, name)));
  if (used.length > 0) {
    throw new AppError("conflict", `Ownkey is running on ${home}`, {
      hint: "stop it first: ownkey down",
      details: { databases: used.map(({ name }) => name) },
    });
  }
}
