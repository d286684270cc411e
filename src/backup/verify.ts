import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_DIR_MODE } from "../files/index.ts";
import { formatTime } from "../kernel/index.ts";
import type { OnProgress } from "./progress.ts";
import type { OpenWith } from "./seal.ts";
import { unpack } from "./unpack.ts";
import { explained } from "./failures.ts";

export interface VerifyBackupOptions {
  readonly file: string;
  readonly with: OpenWith;
  /** A private folder on a disk with room for the unpacked backup, which lies there in plain while it is checked. */
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
  mkdirSync(workspace, { recursive: true, mode: PRIVATE_DIR_MODE });
  // Hidden names are left out of backups, so that a leftover would not get into one.
  const folder = mkdtempSync(join(workspace, ".verify-"));
  try {
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
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
