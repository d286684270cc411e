import { statSync } from "node:fs";
import { ensurePrivateDir } from "../files/index.ts";
import { formatTime } from "../kernel/index.ts";
import type { OnProgress } from "./progress.ts";
import type { OpenWith } from "./seal.ts";
import { withStagingFolder } from "./staging.ts";
import { unpack } from "./unpack.ts";
import { explained } from "./failures.ts";

export interface VerifyBackupOptions {
  readonly file: string;
  readonly with: OpenWith;
  /** A home, or another private folder, with room for the unpacked backup: it lies there while it is checked. */
  readonly workspace: string;
  readonly schemaVersion: number;
  readonly onProgress?: OnProgress;
}

export interface VerifiedBackup {
  readonly file: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly ownkeyVersion: string;
  readonly vaultId: string;
  readonly schemaVersion: number;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}

/**
 * Does everything that a restore does but the last step: decrypts the whole file, compares every hash, opens and
 * checks every database. What it returns can be restored with the same key.
 * @throws AppError `wrong_passphrase`, `corrupt`, `newer_format`, `storage_full`, `not_found`.
 */
export async function verifyBackup(options: VerifyBackupOptions): Promise<VerifiedBackup> {
  const { file, workspace } = options;
  const { size } = await explained(`reading ${file}`, () => statSync(file));
  ensurePrivateDir(workspace);
  return withStagingFolder(workspace, async (folder) => {
    const manifest = await unpack({ ...options, folder });
    return {
      file,
      sizeBytes: size,
      createdAt: formatTime(manifest.createdAtMs),
      ownkeyVersion: manifest.ownkeyVersion,
      vaultId: manifest.vaultId,
      schemaVersion: manifest.schemaVersion,
      files: manifest.files.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    };
  });
}
