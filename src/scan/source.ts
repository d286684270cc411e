import type { ScanNotice } from "./notice.ts";
import type { Origin } from "./origin.ts";

/** A regular file that is to be read from its beginning; whoever looks at it opens it, in whatever thread. */
export interface SourceFile {
  readonly type: "file";
  readonly path: string;
}

/** A blob, environment or pipe. */
export interface SourceStream {
  readonly origin: Origin;
  /** Left out for pipes. */
  readonly sizeBytes?: number;
  /**
   * The content from its beginning, at most once. A chunk belongs to the reader only until the next one is asked for:
   * sources use one buffer again and again. Throws what the system threw when it cannot be read.
   */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Set when every chunk but the last has this size: a shorter one is then known to be the last. */
  readonly fullChunkBytes?: number;
  /** Which lines count, where not all do; asked only when something was found. */
  readonly countedLines?: () => Promise<(line: number) => boolean>;
}

export type SourceItem = SourceFile | SourceStream | ScanNotice;

/** Something that names files and streams: a folder, the index of a repository, its history, own processes. */
export interface Source {
  /** For progress and messages: `~/work`, `history of ~/work`. */
  readonly name: string;
  /**
   * One after the other; what cannot be opened comes as a notice, never as an error. A stream is to be read before the
   * next item is asked for; of files some hundred may be asked for before they are read.
   */
  items(): AsyncIterable<SourceItem> | Iterable<SourceItem>;
}

/** A stream of bytes that are already in memory. */
export function streamOf(origin: Origin, content: Uint8Array): SourceStream {
  const fullChunkBytes = content.length + 1;
  return { origin, sizeBytes: content.length, fullChunkBytes, chunks: () => [content] };
}
