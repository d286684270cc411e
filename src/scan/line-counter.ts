import { indexOfBytes } from "../kernel/index.ts";

const LINE_FEED = 0x0a;

/**
 * Tells lines and columns of offsets in a buffer that slides along a stream. Counts only as far as it is asked, and
 * each byte once, however many places there are on a line.
 */
export class LineCounter {
  #line = 1;
  #column = 1;
  #counted = 0;

  /** Offsets must not go down from call to call. Columns are characters of UTF-8, from 1. */
  at(bytes: Uint8Array, offset: number): { line: number; column: number } {
    this.#countTo(bytes, offset);
    return { line: this.#line, column: this.#column };
  }

  /** The buffer loses its first bytes. */
  drop(bytes: Uint8Array, sizeBytes: number): void {
    this.#countTo(bytes, sizeBytes);
    this.#counted -= sizeBytes;
  }

  #countTo(bytes: Uint8Array, offset: number): void {
    if (offset <= this.#counted) return;
    const part = bytes.subarray(this.#counted, offset);
    let lineStart = 0;
    for (let at = indexOfBytes(part, LINE_FEED); at >= 0; at = indexOfBytes(part, LINE_FEED, lineStart)) {
      this.#line++;
      this.#column = 1;
      lineStart = at + 1;
    }
    // The bytes of a character after its first one begin with the bits 10.
    for (let at = lineStart; at < part.length; at++) if (((part[at] ?? 0) & 0xc0) !== 0x80) this.#column++;
    this.#counted = offset;
  }
}
