import { AppError, fromUtf8, isJsonObject, numberAt, parseJson, stringAt, utf8 } from "../kernel/index.ts";
import { isArchiveName, MANIFEST_NAME } from "./names.ts";

/**
 * The first entry of every archive. Its list is the archive: a file that is missing, added, moved or changed makes
 * the whole archive invalid.
 */
export interface Manifest {
  readonly createdAtMs: number;
  /** Version of the program that wrote it. */
  readonly ownkeyVersion: string;
  readonly vaultId: string;
  /** Version of `control.db`'s schema. */
  readonly schemaVersion: number;
  /** In archive order. */
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** SHA-256 of the content, 64 hex digits. */
  readonly sha256: string;
}

const FORMAT = 1;
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export function encodeManifest(manifest: Manifest): Uint8Array {
  return utf8(`${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`);
}

/** @throws AppError `newer_format` for a later format, `corrupt` for anything that this program would not write. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const document = parseDocument(bytes);
  const format = numberAt(document, "format");
  if (format !== undefined && format > FORMAT) {
    throw new AppError("newer_format", `the backup has format ${format}, this Ownkey reads up to ${FORMAT}`, {
      hint: "use the Ownkey version that made it, or a later one",
    });
  }
  const files = isJsonObject(document) ? document["files"] : undefined;
  if (format !== FORMAT || !Array.isArray(files)) throw invalid("its shape");
  const names = new Set<string>();
  return {
    createdAtMs: integerAt(document, "createdAtMs"),
    ownkeyVersion: stringAt(document, "ownkeyVersion") ?? fail("ownkeyVersion"),
    vaultId: stringAt(document, "vaultId") ?? fail("vaultId"),
    schemaVersion: integerAt(document, "schemaVersion"),
    files: files.map((file: unknown) => decodeFile(file, names)),
  };
}

function parseDocument(bytes: Uint8Array): unknown {
  try {
    return parseJson(fromUtf8(bytes));
  } catch {
    throw invalid("its encoding");
  }
}

function decodeFile(value: unknown, names: Set<string>): ManifestFile {
  const name = stringAt(value, "name") ?? fail("a file's name");
  // Names that differ in case only would be one file on some systems.
  const folded = name.toLowerCase();
  if (!isArchiveName(name) || folded === MANIFEST_NAME || names.has(folded)) throw invalid("a file's name");
  names.add(folded);
  const sha256 = stringAt(value, "sha256") ?? "";
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw invalid("a file's hash");
  return { name, sizeBytes: integerAt(value, "sizeBytes"), sha256 };
}

function integerAt(value: unknown, name: string): number {
  const number = numberAt(value, name);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : fail(name);
}

function fail(what: string): never {
  throw invalid(what);
}

function invalid(what: string): AppError {
  return new AppError("corrupt", `the backup's list of files is not valid: ${what}`, {
    hint: "this is not a backup made by Ownkey, or it was altered",
  });
}
