import { isGeneratedFile, isMinified } from "./content.ts";
import type { KnownKeys } from "./known-keys.ts";
import type { Matcher } from "./matcher.ts";
import { notice, type ScanNotice } from "./notice.ts";
import { type Hit, StreamScanner } from "./stream-scanner.ts";
import { contentKind, Utf16Narrower } from "./text-encoding.ts";

/** Text is looked at up to here; what a scan of more would find is hardly ever a key of somebody. */
const MOST_TEXT_BYTES = 512 * 1024 * 1024;
/** Databases hold plain keys; pictures and programs do not. */
const MOST_BINARY_BYTES = 64 * 1024 * 1024;
const MOST_FINDINGS_PER_STREAM = 500;
/** A log repeats one secret with each line: that must not hide another one. */
const MOST_PLACES_OF_ONE = 50;

/** What looking at one file or stream gave. */
export interface Looked {
  readonly hits: readonly Hit[];
  readonly sizeBytes: number;
  readonly notices: readonly ScanNotice[];
}

export interface StreamReadingOptions {
  /** Tells generated files by their names. */
  readonly path: string;
  readonly matcher: Matcher;
  readonly known: KnownKeys | undefined;
  /** As `fullChunkBytes` of a stream. */
  readonly fullChunkBytes?: number | undefined;
  /** How many bytes before each chunk may be written over. */
  readonly headroomBytes?: number;
}

/** One file or stream, within its bounds, whatever its encoding. */
export class StreamReading {
  readonly #options: StreamReadingOptions;
  readonly #hits: Hit[] = [];
  /** How often each secret was come by. */
  readonly #places = new Map<string, number>();
  #sizeBytes = 0;
  #scanner: StreamScanner | undefined;
  #narrower: Utf16Narrower | undefined;
  #mostBytes = MOST_TEXT_BYTES;
  #cut: "too_large" | "too_many_findings" | undefined;

  constructor(options: StreamReadingOptions) {
    this.#options = options;
  }

  /** False when enough has been read. */
  push(chunk: Uint8Array): boolean {
    const scanner = (this.#scanner ??= this.#begin(chunk));
    const left = this.#mostBytes - this.#sizeBytes;
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.#sizeBytes += part.length;
    const isLast = part.length < (this.#options.fullChunkBytes ?? 0);
    if (this.#narrower) scanner.push(this.#narrower.narrow(part), isLast);
    else scanner.push(part, isLast, this.#options.headroomBytes);
    if (part.length < chunk.length) this.#cut = "too_large";
    return this.#cut === undefined;
  }

  /** To be called once, when all is pushed. @param broken what came in between, if anything did */
  end(broken?: ScanNotice): Looked {
    this.#scanner?.end();
    const notices = [...this.#cutNotices(), ...(broken ? [broken] : [])];
    return { hits: this.#hits, sizeBytes: this.#sizeBytes, notices };
  }

  #cutNotices(): ScanNotice[] {
    const { path } = this.#options;
    if (this.#cut === "too_large") {
      return [notice("too_large", path, `only the first ${this.#mostBytes / 2 ** 20} MiB were looked at`)];
    }
    if (this.#cut === "too_many_findings") {
      return [
        notice(
          "too_many_findings",
          path,
          `more than ${MOST_FINDINGS_PER_STREAM} findings; the rest is left out`,
        ),
      ];
    }
    return [];
  }

  /** What the first bytes say decides on the rest. */
  #begin(start: Uint8Array): StreamScanner {
    const { encoding, binary } = contentKind(start);
    if (encoding !== "bytes") this.#narrower = new Utf16Narrower(encoding);
    if (binary) this.#mostBytes = MOST_BINARY_BYTES;
    const { path, matcher, known } = this.#options;
    return new StreamScanner({
      matcher,
      known,
      namesTell: !isGeneratedFile(path) && !isMinified(path, start),
      onHit: (hit) => this.#keep(hit),
    });
  }

  #keep(hit: Hit): void {
    const which = hit.known ? `vault ${hit.known.key.name}` : hit.secret;
    const places = (this.#places.get(which) ?? 0) + 1;
    this.#places.set(which, places);
    if (places > MOST_PLACES_OF_ONE) return;
    if (this.#hits.length < MOST_FINDINGS_PER_STREAM) {
      this.#hits.push(hit);
      return;
    }
    this.#cut = "too_many_findings";
    this.#scanner?.stop();
  }
}
