import { createHash } from "node:crypto";
import { AppError } from "../kernel/index.ts";
import { ByteReader } from "./byte-streams.ts";
import { decodeManifest, type Manifest, type ManifestFile, MAX_MANIFEST_BYTES } from "./manifest.ts";
import { MANIFEST_NAME } from "./names.ts";
import { BLOCK_BYTES, decodeTarHeader, paddingOf, type TarEntry } from "./tar-header.ts";

/** Takes the content of one file of an archive, piece by piece. */
export interface ContentSink {
  write(chunk: Uint8Array): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface ArchiveVisitor {
  /** Called once, before any content. May refuse by throwing. */
  manifest?(manifest: Manifest): void;
  /** Where this file's content goes. Nothing of it is proven until {@link readArchive} resolves. */
  content(file: ManifestFile): ContentSink;
}

/**
 * Reads a decrypted archive to its last byte and compares it with its manifest: the same files, in the same order,
 * with the same sizes and hashes, and nothing else.
 * @throws AppError `corrupt` at the first difference.
 */
export async function readArchive(
  chunks: AsyncIterable<Uint8Array>,
  visitor: ArchiveVisitor,
): Promise<Manifest> {
  const reader = new ByteReader(chunks);
  try {
    const manifest = await readManifest(reader);
    visitor.manifest?.(manifest);
    for (const file of manifest.files) await readFile(reader, file, visitor.content(file));
    await readEnd(reader);
    return manifest;
  } finally {
    await reader.close();
  }
}

async function readManifest(reader: ByteReader): Promise<Manifest> {
  const entry = await readHeader(reader);
  if (entry?.name !== MANIFEST_NAME || entry.sizeBytes > MAX_MANIFEST_BYTES) {
    throw different("its list of files does not come first");
  }
  const manifest = decodeManifest(await exactly(reader, entry.sizeBytes));
  await readPadding(reader, entry.sizeBytes);
  return manifest;
}

async function readFile(reader: ByteReader, file: ManifestFile, sink: ContentSink): Promise<void> {
  try {
    const entry = await readHeader(reader);
    if (entry?.name !== file.name || entry.sizeBytes !== file.sizeBytes) {
      throw different(`${file.name} is not where its list says`);
    }
    const hash = createHash("sha256");
    for (let left = file.sizeBytes; left > 0;) {
      const chunk = await reader.some(left);
      if (chunk === undefined) throw different(`it ends inside ${file.name}`);
      hash.update(chunk);
      await sink.write(chunk);
      left -= chunk.length;
    }
    if (hash.digest("hex") !== file.sha256) throw different(`${file.name} has another content`);
    await readPadding(reader, file.sizeBytes);
  } finally {
    await sink.close();
  }
}

/** Two blocks of zeros and not a byte more. Reading on to the end also lets age prove that nothing was cut off. */
async function readEnd(reader: ByteReader): Promise<void> {
  for (let block = 0; block < 2; block++) {
    if ((await readHeader(reader)) !== undefined) throw different("it holds a file that its list does not");
  }
  if ((await reader.some(1)) !== undefined) throw different("something follows its end");
}

async function readHeader(reader: ByteReader): Promise<TarEntry | undefined> {
  return decodeTarHeader(await exactly(reader, BLOCK_BYTES));
}

async function readPadding(reader: ByteReader, sizeBytes: number): Promise<void> {
  const padding = await exactly(reader, paddingOf(sizeBytes));
  if (padding.some((byte) => byte !== 0)) throw different("something lies between its files");
}

async function exactly(reader: ByteReader, sizeBytes: number): Promise<Uint8Array> {
  const bytes = await reader.exactly(sizeBytes);
  if (bytes === undefined) throw different("it ends too early");
  return bytes;
}

function different(what: string): AppError {
  return new AppError("corrupt", `the backup is not what Ownkey wrote: ${what}`, {
    hint: "use another copy of it, or an older backup",
  });
}
