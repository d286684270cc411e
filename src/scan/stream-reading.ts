import { isGeneratedFile, isMinified } from "./content.ts";
import type { Matcher } from "./matcher.ts";
import { notice, type ScanNotice } from "./notice.ts";
import type { ScanOptions } from "./scan-options.ts";
import type { SourceStream } from "./source.ts";
import { type Hit, StreamScanner } from "./stream-scanner.ts";
import { contentKind, Utf16Narrower } from "./text-encoding.ts";

/** Text is looked at up to here; what a scan of more would find is hardly ever a key of somebody. */
const MOST_TEXT_BYTES = 512 * 1024 * 1024;
/** Databases hold plain keys; pictures and programs do not. */
const MOST_BINARY_BYTES = 64 * 1024 * 1024;
const MOST_FINDINGS_PER_STREAM = 500;

/** One stream, within its bounds, whatever its encoding. */
export class StreamReading {
  readonly hits: Hit[] = [];
  sizeBytes = 0;
  readonly #stream: SourceStream;
  readonly #matcher: Matcher;
  readonly #known: ScanOptions["known"];
  #scanner: StreamScanner | undefined;
  #narrower: Utf16Narrower | undefined;
  #mostBytes = MOST_TEXT_BYTES;
  #cut: "too_large" | "too_many_findings" | undefined;

  constructor(stream: SourceStream, matcher: Matcher, known: ScanOptions["known"]) {
    this.#stream = stream;
    this.#matcher = matcher;
    this.#known = known;
  }

  /** False when enough has been read. */
  push(chunk: Uint8Array): boolean {
    const scanner = (this.#scanner ??= this.#begin(chunk));
    const left = this.#mostBytes - this.sizeBytes;
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.sizeBytes += part.length;
    const isLast = part.length < (this.#stream.fullChunkBytes ?? 0);
    scanner.push(this.#narrower?.narrow(part) ?? part, isLast);
    if (part.length < chunk.length) this.#cut = "too_large";
    return this.#cut === undefined;
  }

  end(): void {
    this.#scanner?.end();
  }

  notices(): ScanNotice[] {
    const { path } = this.#stream.origin;
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
    const { path } = this.#stream.origin;
    return new StreamScanner({
      matcher: this.#matcher,
      known: this.#known,
      namesTell: !isGeneratedFile(path) && !isMinified(path, start),
      onHit: (hit) => this.#keep(hit),
    });
  }

  #keep(hit: Hit): void {
    if (this.hits.length < MOST_FINDINGS_PER_STREAM) {
      this.hits.push(hit);
      return;
    }
    this.#cut = "too_many_findings";
    this.#scanner?.stop();
  }
}
