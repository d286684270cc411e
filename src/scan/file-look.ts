import type { KnownKeys } from "./known-keys.ts";
import type { Matcher } from "./matcher.ts";
import type { ScanNotice } from "./notice.ts";
import { CHUNK_BYTES, FileReader, HEADROOM_BYTES } from "./sources/file-chunks.ts";
import { type Looked, StreamReading } from "./stream-reading.ts";
import { unreadable } from "./unreadable.ts";

/** Reads and looks through files, one after the other, in whatever thread it is. */
export class FileLook {
  readonly #reader = new FileReader();
  readonly #matcher: Matcher;
  readonly #known: KnownKeys | undefined;

  constructor(matcher: Matcher, known: KnownKeys | undefined) {
    this.#matcher = matcher;
    this.#known = known;
  }

  /** What cannot be read becomes a notice. */
  look(path: string): Looked {
    const reading = new StreamReading({
      path,
      matcher: this.#matcher,
      known: this.#known,
      fullChunkBytes: CHUNK_BYTES,
      headroomBytes: HEADROOM_BYTES,
    });
    let broken: ScanNotice | undefined;
    try {
      for (const chunk of this.#reader.chunks(path)) if (!reading.push(chunk)) break;
    } catch (error) {
      broken = unreadable(path, error);
    }
    return reading.end(broken);
  }
}
