import { createHash } from "node:crypto";
import { chmodSync, constants, copyFileSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PRIVATE_DIR_MODE, PRIVATE_FILE_MODE } from "../files/index.ts";
import { fileChunks } from "./byte-streams.ts";
import { type HomeFile, isKeyFile, listHome } from "./contents.ts";
import { checkDatabase, snapshotDatabase } from "./databases.ts";
import { explain, systemCode } from "./failures.ts";
import type { ManifestFile } from "./manifest.ts";
import { type OnProgress, progressOf } from "./progress.ts";

/** A private copy of a home in which nothing moves any more. */
export interface Snapshot {
  readonly folder: string;
  readonly files: readonly ManifestFile[];
  readonly skipped: readonly string[];
}

/**
 * Copies a home, in use or not, into an empty folder: each database as of one moment and checked, the parts in an
 * order in which they fit together ({@link listHome}).
 */
export async function snapshotHome(home: string, folder: string, onProgress?: OnProgress): Promise<Snapshot> {
  const { files, skipped } = listHome(home);
  const totalBytes = files.reduce((sum, { name }) => sum + sizeOf(join(home, name)), 0);
  const advance = progressOf("snapshot", totalBytes, onProgress);
  const copied: HomeFile[] = [];
  const copy = (file: HomeFile) => {
    if (copyOne(home, folder, file)) copied.push(file);
    advance(sizeOf(join(home, file.name)));
  };
  for (const file of files) copy(file);
  // A slot that was added meanwhile is in control.db: its key file was written before the row, so it is there now.
  const known = new Set(copied.map(({ name }) => name));
  for (const file of listHome(home).files) {
    if (isKeyFile(file.name) && !known.has(file.name)) copy(file);
  }
  const described: ManifestFile[] = [];
  for (const { name } of copied) described.push(await describeFile(folder, name));
  return { folder, files: described, skipped };
}

/** False when the file has gone since it was listed: a ledger can be removed at any time. */
function copyOne(home: string, folder: string, { name, kind }: HomeFile): boolean {
  const from = join(home, name);
  const to = join(folder, name);
  mkdirSync(dirname(to), { recursive: true, mode: PRIVATE_DIR_MODE });
  try {
    if (kind === "database") {
      snapshotDatabase(from, to);
      checkDatabase(to, name);
    } else {
      copyFileSync(from, to, constants.COPYFILE_EXCL);
      chmodSync(to, PRIVATE_FILE_MODE);
    }
    return true;
  } catch (error) {
    if (name !== "control.db" && !exists(from) && isMissing(error)) return false;
    throw explain(`copying ${name}`, error);
  }
}

async function describeFile(folder: string, name: string): Promise<ManifestFile> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of fileChunks(join(folder, name))) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { name, sizeBytes, sha256: hash.digest("hex") };
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "SQLITE_CANTOPEN";
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
