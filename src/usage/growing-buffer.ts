const FIRST_BYTES = 4096;
/** Of content beyond the limit, so much of the beginning and of the end is kept. */
const HEAD_BYTES = 64 * 1024;
const TAIL_BYTES = 256 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Bytes up to a limit. Beyond it only the beginning and the end are kept: figures about an answer stand there.
 * Memory is bounded by the limit plus the tail, whatever is appended.
 */
export class GrowingBuffer {
  readonly #maxBytes: number;
  /** The first part, as long as it is the only one: most content comes in one part, and is not copied. */
  #only: Buffer | undefined;
  #bytes = EMPTY;
  #length = 0;
  /** Last bytes once the limit is passed; twice the tail, so that it is moved rarely. */
  #tail: Buffer | undefined;
  #tailLength = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0 && !this.#tail;
  }

  /** True when more was appended than fits. */
  get overflown(): boolean {
    return this.#tail !== undefined;
  }

  /** Everything, or the beginning when overflown. Valid until the next `append`. */
  get content(): Buffer {
    return this.#only ?? this.#bytes.subarray(0, this.#length);
  }

  /** The end when overflown, else nothing. */
  get tail(): Buffer {
    if (!this.#tail) return EMPTY;
    return this.#tail.subarray(Math.max(0, this.#tailLength - TAIL_BYTES), this.#tailLength);
  }

  /** The part must stay as it is until the next call. */
  append(part: Buffer): void {
    if (part.length === 0) return;
    if (this.#tail) return this.#appendTail(this.#tail, part);
    const length = this.#length + part.length;
    if (length > this.#maxBytes) return this.#overflow(part);
    if (this.#length === 0) {
      this.#only = part;
      this.#length = length;
      return;
    }
    this.#ownFirst();
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(part, this.#length);
    this.#length = length;
  }

  /** Forgets everything; a large buffer is given back. */
  clear(): void {
    if (this.#bytes.length > HEAD_BYTES) this.#bytes = EMPTY;
    this.#only = undefined;
    this.#length = 0;
    this.#tail = undefined;
    this.#tailLength = 0;
  }

  /** Another part follows the first one, which from now on has to be a copy. */
  #ownFirst(): void {
    const first = this.#only;
    if (first === undefined) return;
    this.#only = undefined;
    this.#length = 0;
    if (first.length > this.#bytes.length) this.#grow(first.length);
    this.#bytes.set(first, 0);
    this.#length = first.length;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(
      Math.min(this.#maxBytes, Math.max(FIRST_BYTES, needed, this.#bytes.length * 2)),
    );
    larger.set(this.content);
    this.#bytes = larger;
  }

  #overflow(part: Uint8Array): void {
    this.#ownFirst();
    const tail = Buffer.allocUnsafe(2 * TAIL_BYTES);
    this.#tail = tail;
    this.#appendTail(tail, this.content);
    this.#appendTail(tail, part);
    const missing = Math.max(0, HEAD_BYTES - this.#length);
    this.#bytes = Buffer.concat([this.content.subarray(0, HEAD_BYTES), part.subarray(0, missing)]);
    this.#length = this.#bytes.length;
  }

  #appendTail(tail: Buffer, part: Uint8Array): void {
    const kept = part.subarray(Math.max(0, part.length - TAIL_BYTES));
    if (this.#tailLength + kept.length > tail.length) {
      tail.copyWithin(0, this.#tailLength - TAIL_BYTES, this.#tailLength);
      this.#tailLength = TAIL_BYTES;
    }
    tail.set(kept, this.#tailLength);
    this.#tailLength += kept.length;
  }
}
