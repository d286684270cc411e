import { createHash } from "node:crypto";
import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { PRIVATE_FILE_MODE, syncDir } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { readArchive } from "./archive.ts";
import { fileChunks, tapped, toStream } from "./byte-streams.ts";
import { systemCode } from "./failures.ts";
import type { Manifest } from "./manifest.ts";
import { type OnProgress, progressOf } from "./progress.ts";
import { openSealed, seal, type Sealed, type SealTo } from "./seal.ts";
import { type TarSource, writeTar } from "./tar-write.ts";

export interface WriteSealedOptions {
  readonly target: string;
  readonly sources: readonly TarSource[];
  readonly manifest: Manifest;
  readonly to: SealTo;
  readonly scryptWorkFactor?: number;
  readonly onProgress?: OnProgress;
}

export interface WrittenFile {
  /** Where the file is until it is published: beside the target. */
  readonly temporary: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Writes the archive beside its target, durably, and reads it back. On any failure nothing is left. */
export async function writeSealed(options: WriteSealedOptions): Promise<WrittenFile> {
  const { target, sources, manifest, to, scryptWorkFactor, onProgress } = options;
  const totalBytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const advance = progressOf("write", totalBytes, onProgress);
  // Not hidden: what a killed process leaves can be large, and its owner should see it.
  const temporary = `${target}.${process.pid}.partial`;
  const archive = tapped(writeTar(sources, Math.floor(manifest.createdAtMs / 1000)), (chunk) =>
    advance(chunk.length),
  );
  try {
    const sealed = await seal(toStream(archive), to, scryptWorkFactor);
    const written = await writeFile(temporary, sealed.ciphertext);
    await verify(temporary, written.sha256, sealed, progressOf("verify", totalBytes, onProgress));
    return { temporary, ...written };
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    await archive.return();
  }
}

/** Gives the file its name, unless that name is taken. @throws AppError `already_exists`; the file is gone then. */
export function publish(temporary: string, target: string): void {
  try {
    linkSync(temporary, target);
  } catch (error) {
    if (systemCode(error) === "EEXIST" || lstatSync(target, { throwIfNoEntry: false })) {
      throw new AppError("already_exists", `${target} was made by somebody else meanwhile`, {
        hint: "choose another name",
      });
    }
    // File systems without hard links (FAT, some network ones): not atomic against a second writer of this name.
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDir(dirname(target));
}

async function writeFile(
  path: string,
  chunks: ReadableStream<Uint8Array>,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  // What a killed process of the same number left under this name.
  rmSync(path, { force: true });
  const handle = await open(path, "wx", PRIVATE_FILE_MODE);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      for (let offset = 0; offset < chunk.length;) {
        offset += (await handle.write(chunk, offset)).bytesWritten;
      }
      sizeBytes += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

async function verify(
  path: string,
  sha256: string,
  { proof }: Sealed,
  advance: (sizeBytes: number) => void,
): Promise<void> {
  const hash = createHash("sha256");
  const ciphertext = tapped(fileChunks(path), (chunk) => hash.update(chunk));
  await readArchive(openSealed(ciphertext, proof), {
    content: () => ({
      write: (chunk) => {
        advance(chunk.length);
      },
      close: () => {},
    }),
  });
  if (hash.digest("hex") !== sha256) {
    throw new AppError("corrupt", `${path} reads differently from what was written`, {
      hint: "the disk may be failing; use another one",
    });
  }
}
