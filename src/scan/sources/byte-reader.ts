import { concatBytes, indexOfBytes, textOfPart } from "../../kernel/index.ts";

const EMPTY = new Uint8Array(0);

/** Takes a stream of bytes apart: pieces up to a mark, and pieces of a known size. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = EMPTY;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The text before the next such byte, which is skipped; `undefined` at the end of the stream. A last piece without
   * the mark is given too. Bytes that are no UTF-8 become replacement characters.
   * @param mostBytes of a longer text only the beginning is given, and no more than that is held
   */
  async textUntil(mark: number, mostBytes = Number.POSITIVE_INFINITY): Promise<string | undefined> {
    const parts: Uint8Array[] = [];
    let left = mostBytes;
    let isEmpty = true;
    const keep = (part: Uint8Array) => {
      isEmpty &&= part.length === 0;
      if (left <= 0) return;
      parts.push(part.subarray(0, left));
      left -= part.length;
    };
    for (;;) {
      const at = indexOfBytes(this.#rest, mark);
      if (at >= 0) {
        keep(this.#rest.subarray(0, at));
        this.#rest = this.#rest.subarray(at + 1);
        return textOf(parts);
      }
      keep(this.#rest);
      if (!(await this.#next())) return isEmpty ? undefined : textOf(parts);
    }
  }

  /** The next bytes, as they come; fewer when the stream ends. Whatever is not taken of them is skipped. */
  async *take(sizeBytes: number): AsyncGenerator<Uint8Array> {
    let left = sizeBytes;
    try {
      while (left > 0 && (this.#rest.length > 0 || (await this.#next()))) {
        const part = this.#rest.subarray(0, left);
        this.#rest = this.#rest.subarray(part.length);
        left -= part.length;
        yield part;
      }
    } finally {
      await this.skip(left);
    }
  }

  async skip(sizeBytes: number): Promise<void> {
    let left = sizeBytes;
    while (left > 0 && (this.#rest.length > 0 || (await this.#next()))) {
      const part = Math.min(left, this.#rest.length);
      this.#rest = this.#rest.subarray(part);
      left -= part;
    }
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    this.#rest = done ? EMPTY : value;
    return !done;
  }
}

function textOf(parts: readonly Uint8Array[]): string {
  const bytes = concatBytes(...parts);
  return textOfPart(bytes, 0, bytes.length);
}
