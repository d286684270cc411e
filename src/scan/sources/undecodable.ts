/**
 * What is below names that are no UTF-8, as old archives and other systems leave them: such a path cannot be given as a
 * text, but by its bytes only.
 */
import { lstatSync, readdirSync } from "node:fs";
import { isPackedFile } from "../content.ts";
import type { ScanNotice } from "../notice.ts";
import type { SourceStream } from "../source.ts";
import { unreadable } from "../unreadable.ts";
import { CHUNK_BYTES, FileReader } from "./file-chunks.ts";

/** Stands for bytes that could not be read as text. */
const REPLACEMENT = "\ufffd";

export function mayBeUndecodable(name: string): boolean {
  return name.includes(REPLACEMENT);
}

/** The names in a folder that are no UTF-8, as bytes. */
export function undecodableNames(folder: string): Buffer[] {
  return readdirSync(folder, { encoding: "buffer" }).filter(
    (name) => !name.equals(Buffer.from(textOf(name))),
  );
}

/** How a name without its text is shown. */
export function textOf(name: Uint8Array): string {
  return Buffer.from(name).toString("utf8");
}

/**
 * The files below, which are read as they are come by. Links are not followed.
 * @param isIgnored whether a folder of that name is passed over
 */
export function* filesBelowBytes(
  path: Uint8Array,
  isIgnored: (name: string) => boolean,
): Generator<SourceStream | ScanNotice> {
  const shown = textOf(path);
  try {
    const stats = lstatSync(Buffer.from(path));
    if (stats.isDirectory() && !isIgnored(shown.slice(shown.lastIndexOf("/") + 1))) {
      for (const name of readdirSync(Buffer.from(path), { encoding: "buffer" })) {
        yield* filesBelowBytes(Buffer.concat([path, Buffer.from("/"), name]), isIgnored);
      }
    } else if (stats.isFile() && !isPackedFile(shown)) yield streamAt(path, shown);
  } catch (error) {
    yield unreadable(shown, error);
  }
}

function streamAt(path: Uint8Array, shown: string): SourceStream {
  return {
    origin: { kind: "file", path: shown },
    fullChunkBytes: CHUNK_BYTES,
    chunks: () => new FileReader().chunks(Buffer.from(path)),
  };
}
