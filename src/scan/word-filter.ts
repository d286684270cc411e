/**
 * Tells at a glance where one of many short words may begin. Each word has one of 32 bits; for each of the first three
 * places of a word there is a table from a byte to the words that have it there, so that three look-ups and two `and`s
 * ask for all words at once. The tables are small enough to stay in the processor's first cache, which one of all pairs
 * of bytes is not.
 */
export class WordFilter {
  readonly #first = new Int32Array(256);
  readonly #second = new Int32Array(256);
  readonly #third = new Int32Array(256);

  /**
   * @param words of two bytes at least; those that begin alike best stand together, as they share bits
   * @param orElse what may stand in place of a byte
   */
  constructor(words: readonly Uint8Array[], orElse?: (byte: number) => number) {
    for (const [index, word] of words.entries()) {
      const bit = bitOf(index, words.length);
      this.#add(bit, word);
      if (orElse) this.#add(bit, word.map(orElse));
    }
  }

  /** The first place within `bytes[from, to)` where a word may begin; -1 when there is none. */
  next(bytes: Uint8Array, from: number, to: number): number {
    const first = this.#first;
    const second = this.#second;
    const third = this.#third;
    for (let at = from; at < to; at++) {
      const words =
        (first[bytes[at] ?? 0] ?? 0) & (second[bytes[at + 1] ?? 0] ?? 0) & (third[bytes[at + 2] ?? 0] ?? 0);
      if (words !== 0) return at;
    }
    return -1;
  }

  #add(bit: number, word: Uint8Array): void {
    allow(this.#first, word[0], bit);
    allow(this.#second, word[1], bit);
    allow(this.#third, word[2], bit);
  }
}

/** Where a word has no byte, any may stand. */
function allow(table: Int32Array, byte: number | undefined, bit: number): void {
  if (byte !== undefined) table[byte] = (table[byte] ?? 0) | bit;
  else for (let any = 0; any < table.length; any++) table[any] = (table[any] ?? 0) | bit;
}

function bitOf(index: number, count: number): number {
  return 1 << Math.floor((index * 32) / Math.max(count, 32));
}
