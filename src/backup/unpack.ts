import { closeSync, constants, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { PRIVATE_DIR_MODE, PRIVATE_FILE_MODE, syncDir } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { type ContentSink, readArchive } from "./archive.ts";
import { fileChunks } from "./byte-streams.ts";
import { isDatabase } from "./contents.ts";
import { checkDatabase } from "./databases.ts";
import { explained } from "./failures.ts";
import type { Manifest } from "./manifest.ts";
import { type OnProgress, progressOf } from "./progress.ts";
import { decrypterFor, openSealed, type OpenWith } from "./seal.ts";

export interface UnpackOptions {
  readonly file: string;
  readonly with: OpenWith;
  /** Empty and private; whatever is in it after an error is worthless. */
  readonly folder: string;
  /** The latest schema of `control.db` that this program knows. */
  readonly schemaVersion: number;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Decrypts a backup into a folder, every file written durably, compared with the manifest, and every database
 * checked by SQLite.
 * @throws AppError `wrong_passphrase`, `corrupt`, `newer_format`, `storage_full`, `not_found`.
 */
export async function unpack(options: UnpackOptions): Promise<Manifest> {
  const { file, folder, onProgress } = options;
  const decrypter = decrypterFor(options.with);
  let advance = (_sizeBytes: number): void => {};
  const manifest = await explained(`reading ${file}`, () =>
    readArchive(openSealed(fileChunks(file), decrypter), {
      manifest(manifest) {
        assertReadable(manifest, options.schemaVersion);
        advance = progressOf("unpack", totalBytesOf(manifest), onProgress);
      },
      content: ({ name }) => fileSink(join(folder, name), (sizeBytes) => advance(sizeBytes)),
    }),
  );
  checkDatabases(folder, manifest, onProgress);
  syncFolders(folder, manifest);
  return manifest;
}

function assertReadable({ schemaVersion, ownkeyVersion }: Manifest, known: number): void {
  if (schemaVersion <= known) return;
  throw new AppError(
    "newer_format",
    `the backup has database version ${schemaVersion}, this Ownkey knows up to ${known}`,
    { hint: `use Ownkey ${ownkeyVersion} or later` },
  );
}

function fileSink(path: string, advance: (sizeBytes: number) => void): ContentSink {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_DIR_MODE });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = openSync(path, flags, PRIVATE_FILE_MODE);
  return {
    write(chunk) {
      for (let offset = 0; offset < chunk.length;) offset += writeSync(handle, chunk, offset);
      advance(chunk.length);
    },
    close() {
      try {
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    },
  };
}

function checkDatabases(folder: string, manifest: Manifest, onProgress?: OnProgress): void {
  const databases = manifest.files.filter(({ name }) => isDatabase(name));
  if (!databases.some(({ name }) => name === "control.db")) {
    throw new AppError("corrupt", "the backup holds no control.db, so no vault");
  }
  const totalBytes = databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const advance = progressOf("check", totalBytes, onProgress);
  for (const { name, sizeBytes } of databases) {
    checkDatabase(join(folder, name), name);
    advance(sizeBytes);
  }
}

function syncFolders(folder: string, manifest: Manifest): void {
  const folders = new Set(manifest.files.map(({ name }) => dirname(join(folder, name))));
  for (const path of [...folders, folder]) syncDir(path);
}

function totalBytesOf(manifest: Manifest): number {
  return manifest.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
