import type { ScanNotice } from "./finding.ts";

/** Who may read a place besides administrators: `everyone` on this machine, or who has the repository. */
export type Readers = "owner" | "group" | "everyone" | "repository";

/** Where a stream of bytes comes from. */
export interface Origin {
  readonly kind: "file" | "staged" | "git" | "environment" | "stdin" | "tool";
  /** As a person would name it: a path, `<stdin>`, `environment of process 12 (node)`. */
  readonly path: string;
  /** For git history: the commit that brought the content in. */
  readonly commit?: string;
  /** Left out when not known. */
  readonly readers?: Readers;
}

/** One file, blob, environment or pipe. */
export interface SourceStream {
  readonly origin: Origin;
  /** Left out for pipes. */
  readonly sizeBytes?: number;
  /**
   * The content from its beginning, at most once. A chunk belongs to the reader only until the next one is asked for:
   * sources use one buffer again and again. Throws what the system threw when it cannot be read.
   */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Something that names byte streams: a folder, the index of a repository, its history, own processes. */
export interface Source {
  /** For progress and messages: `~/work`, `history of ~/work`. */
  readonly name: string;
  /** One after the other; what cannot be opened comes as a notice, never as an error. */
  streams(): AsyncIterable<SourceStream | ScanNotice>;
}

/** A stream of bytes that are already in memory. */
export function streamOf(origin: Origin, content: Uint8Array): SourceStream {
  return { origin, sizeBytes: content.length, chunks: () => [content] };
}
