import { WordFilter } from "./word-filter.ts";

/** Whether one of some words stands in a part of the bytes, in capitals or small letters; no string is made for it. */
export class HintIndex {
  readonly #words: readonly Uint8Array[];
  readonly #filter: WordFilter;

  /** @param words in small letters, of two bytes at least */
  constructor(words: Iterable<string>) {
    this.#words = [...words].toSorted().map((word) => Buffer.from(word));
    this.#filter = new WordFilter(this.#words, capitalOf);
  }

  standIn(bytes: Uint8Array, from: number, to: number): boolean {
    for (let at = this.#filter.next(bytes, from, to); at >= 0; at = this.#filter.next(bytes, at + 1, to)) {
      if (this.#beginsAt(bytes, at, to)) return true;
    }
    return false;
  }

  #beginsAt(bytes: Uint8Array, at: number, to: number): boolean {
    for (const word of this.#words) if (at + word.length <= to && standsAt(bytes, at, word)) return true;
    return false;
  }
}

function standsAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[at + i];
    if (byte !== word[i] && byte !== capitalOf(word[i] ?? 0)) return false;
  }
  return true;
}

/** The same letter as a capital; other bytes as they are. */
function capitalOf(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte & ~0x20 : byte;
}
