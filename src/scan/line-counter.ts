import { indexOfBytes } from "../kernel/index.ts";

const LINE_FEED = 0x0a;

/** Tells lines and columns of offsets in a buffer that slides along a stream. Counts only as far as it is asked. */
export class LineCounter {
  /** Lines begun before {@link LineCounter.#counted}. */
  #line = 1;
  #counted = 0;
  /** Where the line at `#counted` begins; before the buffer, and so negative, when the line does. */
  #lineStart = 0;

  /** Offsets must not go down from call to call. Columns are characters of UTF-8, from 1. */
  at(bytes: Uint8Array, offset: number): { line: number; column: number } {
    this.#countTo(bytes, offset);
    return { line: this.#line, column: columnOf(bytes, this.#lineStart, offset) };
  }

  /** The buffer loses its first bytes. */
  drop(bytes: Uint8Array, sizeBytes: number): void {
    this.#countTo(bytes, sizeBytes);
    this.#counted -= sizeBytes;
    this.#lineStart -= sizeBytes;
  }

  #countTo(bytes: Uint8Array, offset: number): void {
    if (offset <= this.#counted) return;
    for (let at = indexOfBytes(bytes, LINE_FEED, this.#counted); at >= 0 && at < offset;) {
      this.#line++;
      this.#lineStart = at + 1;
      at = indexOfBytes(bytes, LINE_FEED, at + 1);
    }
    this.#counted = offset;
  }
}

function columnOf(bytes: Uint8Array, lineStart: number, offset: number): number {
  // What lies before the buffer is counted as one byte for each character.
  let column = 1 - Math.min(0, lineStart);
  for (let at = Math.max(0, lineStart); at < offset; at++) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) column++;
  }
  return column;
}
