import { GrowingBuffer } from "./growing-buffer.ts";

/** Cuts a stream of bytes into pieces. A piece is valid only during the call that hands it over. */
export interface Splitter {
  push(chunk: Uint8Array): void;
  /** Hands over what was begun and not ended. */
  end(): void;
}

export interface SplitterOptions {
  readonly maxPieceBytes: number;
  readonly onPiece: (piece: Buffer) => void;
  /** A piece that was longer than the limit: its beginning and its end. */
  readonly onOversized: (head: Buffer, tail: Buffer) => void;
}

const EMPTY = Buffer.alloc(0);

/**
 * Collects pieces across chunks. A piece that lies within one chunk is handed over without a copy; one that is
 * longer than the limit is reduced to its beginning and its end.
 */
export class PieceCollector {
  readonly #options: SplitterOptions;
  readonly #held: GrowingBuffer;

  constructor(options: SplitterOptions) {
    this.#options = options;
    this.#held = new GrowingBuffer(options.maxPieceBytes);
  }

  /** True when nothing of the current piece came in an earlier chunk. */
  get isEmpty(): boolean {
    return this.#held.isEmpty;
  }

  /** Keeps the part of a piece that ends beyond this chunk, which must stay as it is until the next call. */
  hold(part: Buffer): void {
    if (part.length > 0) this.#held.append(part);
  }

  /** Ends the current piece, with this part where there is one. */
  complete(part: Buffer = EMPTY): void {
    if (this.#held.isEmpty) {
      if (part.length > 0) this.#options.onPiece(part);
      return;
    }
    this.#held.append(part);
    const { overflown, content, tail } = this.#held;
    this.#held.clear();
    if (overflown) this.#options.onOversized(content, tail);
    else this.#options.onPiece(content);
  }
}
