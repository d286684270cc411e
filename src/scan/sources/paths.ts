import { isPackedFile } from "../content.ts";
import type { ScanNotice } from "../notice.ts";
import type { Source, SourceStream } from "../source.ts";
import { CHUNK_BYTES, FileReader } from "./file-chunks.ts";
import { walk, type WalkOptions } from "./walk.ts";

export interface PathsSourceOptions extends WalkOptions {
  /** Files and folders, in the form in which findings shall name them. */
  readonly paths: readonly string[];
}

/**
 * Files and what is in folders, nested repositories included. `.gitignore` is not honoured, `.ownkeyignore` is.
 * Pictures, archives and other packed contents are passed over by their names.
 */
export function pathsSource({ paths, ...options }: PathsSourceOptions): Source {
  const reader = new FileReader();
  return {
    name: paths.join(" "),
    async *streams(): AsyncGenerator<SourceStream | ScanNotice> {
      for (const root of paths) {
        for (const found of walk(root, options)) {
          if (found.type === "notice") yield found;
          else if (!isPackedFile(found.path)) yield fileStream(reader, found.path);
        }
      }
    },
  };
}

function fileStream(reader: FileReader, path: string): SourceStream {
  return { origin: { kind: "file", path }, fullChunkBytes: CHUNK_BYTES, chunks: () => reader.chunks(path) };
}
