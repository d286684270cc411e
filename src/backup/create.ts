import { existsSync, lstatSync, realpathSync, statfsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { Caller, Perform } from "../access/index.ts";
import { AppError, type Clock, formatTime } from "../kernel/index.ts";
import { listHome } from "./contents.ts";
import { explained } from "./failures.ts";
import { encodeManifest, type Manifest } from "./manifest.ts";
import { MANIFEST_NAME } from "./names.ts";
import type { OnProgress } from "./progress.ts";
import { publish, writeSealed } from "./sealed-file.ts";
import { assertCanSeal, type SealTo } from "./seal.ts";
import { snapshotHome } from "./snapshot.ts";
import { withStagingFolder } from "./staging.ts";
import { backupWarnings, type BackupWarning, type SlotSummary } from "./warnings.ts";
import type { TarSource } from "./tar-write.ts";

export interface CreateBackupOptions {
  readonly home: string;
  /** The file to make. Its folder must exist, outside the home; a file that exists is never overwritten. */
  readonly target: string;
  readonly to: SealTo;
  readonly caller: Caller;
  readonly perform: Perform;
  /** What the manifest says about the home; `engine` is the control store's. */
  readonly about: {
    readonly engine: "sqlite" | "postgres";
    readonly ownkeyVersion: string;
    readonly vaultId: string;
    readonly schemaVersion: number;
    readonly slots: readonly SlotSummary[];
  };
  readonly clock: Clock;
  readonly onProgress?: OnProgress;
  /** For tests only; default {@link SCRYPT_WORK_FACTOR}. */
  readonly scryptWorkFactor?: number;
}

export interface BackupReport {
  readonly file: string;
  readonly sizeBytes: number;
  /** SHA-256 of the file as written, 64 hex digits: to compare copies of it. */
  readonly sha256: string;
  readonly createdAt: string;
  readonly files: number;
  /**
   * What was proven by reading the file back. `opened`: everything, exactly as a restore does it. `content`: every
   * byte decrypts to what was copied, but the recipients' identities were not at hand.
   */
  readonly verified: "opened" | "content";
  readonly warnings: readonly BackupWarning[];
}

/**
 * Backs up the whole home into one age-encrypted tar archive while other processes go on working with it, reads it
 * back, and only then gives it its name. Recorded in the audit log before anything is read.
 *
 * Copying a database blocks the thread: call it in a process of its own (the CLI's), not in a running gateway.
 * @throws AppError `already_exists`, `invalid_input`, `unsupported` (PostgreSQL), `conflict` (another backup is
 *   running), `storage_full`, `corrupt` (a database is damaged, or the file read back differs); no file is left then.
 */
export async function createBackup(options: CreateBackupOptions): Promise<BackupReport> {
  const target = checkTarget(options);
  assertCanSeal(options.to);
  assertRoomForCopies(options.home);
  await options.perform(
    options.caller,
    { action: "backup.create", permission: "backup.create", details: { file: basename(target) } },
    async () => {},
  );
  return withStagingFolder(options.home, async (folder) => {
    const createdAtMs = options.clock.nowMs();
    const snapshot = await explained("copying the home", () =>
      snapshotHome(options.home, folder, options.onProgress),
    );
    const manifest = manifestOf(options, createdAtMs, snapshot.files);
    const written = await explained(`writing ${target}`, () =>
      writeSealed({ ...options, target, sources: sourcesOf(manifest, folder), manifest }),
    );
    await explained(`writing ${target}`, () => {
      publish(written.temporary, target);
    });
    return {
      file: target,
      sizeBytes: written.sizeBytes,
      sha256: written.sha256,
      createdAt: formatTime(createdAtMs),
      files: manifest.files.length,
      verified: "passphrase" in options.to ? "opened" : "content",
      warnings: backupWarnings({
        ...options,
        slots: options.about.slots,
        manifest,
        skipped: snapshot.skipped,
      }),
    };
  });
}

function checkTarget({ home, target, about }: CreateBackupOptions): string {
  if (about.engine === "postgres") {
    throw new AppError("unsupported", "a vault on PostgreSQL is not backed up by Ownkey", {
      hint: "use pg_dump for the database, and keep a passphrase or recovery-code slot to open it elsewhere",
    });
  }
  if (!existsSync(join(home, "control.db"))) {
    throw new AppError("not_found", `there is no vault in ${home}`, { hint: "ownkey keys add makes one" });
  }
  const folder = dirname(resolve(target));
  if (!existsSync(folder)) {
    throw new AppError("not_found", `the folder ${folder} does not exist`, { hint: `mkdir -p '${folder}'` });
  }
  const path = join(realpathSync(folder), basename(target));
  if (path.startsWith(realpathSync(home) + sep)) {
    throw new AppError("invalid_input", "a backup inside the home would be lost with it", {
      hint: "choose a file on another disk or machine",
    });
  }
  if (lstatSync(path, { throwIfNoEntry: false })) {
    throw new AppError("already_exists", `${path} exists and is not overwritten`, {
      hint: "choose another name, with a date for example",
    });
  }
  return path;
}

/** What stays free beside the copies, so that a gateway at work on the same disk never meets a full one. */
const SPARE_BYTES = 16 * 1024 * 1024;

function assertRoomForCopies(home: string): void {
  const neededBytes = listHome(home).files.reduce(
    (sum, { name }) => sum + (statSync(join(home, name), { throwIfNoEntry: false })?.size ?? 0),
    SPARE_BYTES,
  );
  const { bavail, bsize } = statfsSync(home);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new AppError(
    "storage_full",
    `a backup needs ${neededBytes} bytes free in ${home}, there are ${freeBytes}`,
    {
      hint: "the databases are copied there first; free some space and run it again",
      details: { neededBytes, freeBytes },
    },
  );
}

function manifestOf({ about }: CreateBackupOptions, createdAtMs: number, files: Manifest["files"]): Manifest {
  const { ownkeyVersion, vaultId, schemaVersion } = about;
  return { createdAtMs, ownkeyVersion, vaultId, schemaVersion, files };
}

function sourcesOf(manifest: Manifest, folder: string): TarSource[] {
  const list = encodeManifest(manifest);
  return [
    { name: MANIFEST_NAME, sizeBytes: list.length, content: list },
    ...manifest.files.map(({ name, sizeBytes }) => ({
      name,
      sizeBytes,
      content: { path: join(folder, name) },
    })),
  ];
}
