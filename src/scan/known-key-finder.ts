import type { KnownKeys, KnownMatch, SharedForm, SharedKnownKeys } from "./known-keys.ts";
import { isRunByte } from "./runs.ts";
import { compareAround } from "./tolerant-compare.ts";

interface IndexedForm extends SharedForm {
  readonly bytes: Uint8Array;
}

/** A part of a form: every text of the form that keeps {@link WINDOW} + {@link STRIDE} - 1 bytes together holds one. */
interface Part {
  readonly indexed: IndexedForm;
  readonly offset: number;
}

const WINDOW = 12;
const STRIDE = 8;
const FILTER_BITS = 18;

/**
 * Finds the keys of a `KnownKeyIndex`, in this thread or another one: a rolling hash goes over each run, and where it
 * meets a part of a key the whole key is compared, byte by byte.
 */
export class KnownKeyFinder implements KnownKeys {
  readonly #parts = new Map<number, Part[]>();
  /** Tells most hashes from those in the map without looking there. */
  readonly #filter = new Uint8Array(2 ** FILTER_BITS / 8);
  readonly #factor: number;
  /** What the byte that leaves the window has been multiplied by. */
  readonly #leaving: number;
  #longest = 0;

  constructor({ memory, forms, factor }: SharedKnownKeys) {
    this.#factor = factor;
    let leaving = 1;
    for (let i = 0; i < WINDOW; i++) leaving = Math.imul(leaving, factor);
    this.#leaving = leaving;
    for (const form of forms) {
      this.#add({ ...form, bytes: new Uint8Array(memory, form.start, form.end - form.start) });
    }
  }

  matchesIn(bytes: Uint8Array, start: number, end: number): readonly KnownMatch[] {
    const matches: KnownMatch[] = [];
    if (this.#parts.size === 0) return matches;
    // Of a run that goes on from the last chunk, what a key could begin in is looked at again.
    let at = isRunByte(bytes[start - 1]) ? Math.max(0, start - this.#longest) : start;
    let hash = 0;
    let filled = 0;
    for (; at < end; at++) {
      hash = (Math.imul(hash, this.#factor) + (bytes[at] ?? 0)) | 0;
      if (++filled < WINDOW) continue;
      if (filled > WINDOW) hash = (hash - Math.imul(bytes[at - WINDOW] ?? 0, this.#leaving)) | 0;
      if (!this.#mayHold(hash)) continue;
      const match = this.#matchAt(bytes, at - WINDOW + 1, hash);
      if (!match || match.start < (matches.at(-1)?.end ?? 0)) continue;
      matches.push(match);
      if (match.end > at) {
        at = match.end - 1;
        hash = 0;
        filled = 0;
      }
    }
    return matches;
  }

  #matchAt(bytes: Uint8Array, at: number, hash: number): KnownMatch | undefined {
    for (const { indexed, offset } of this.#parts.get(hash) ?? []) {
      const { form, key, masked } = indexed;
      const found = compareAround(bytes, at, indexed.bytes, offset);
      if (!found) continue;
      return { key, masked, form: found.written ?? form, start: found.start, end: found.end };
    }
    return undefined;
  }

  #mayHold(hash: number): boolean {
    const bit = hash >>> (32 - FILTER_BITS);
    return ((this.#filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  #add(indexed: IndexedForm): void {
    const { bytes } = indexed;
    this.#longest = Math.max(this.#longest, bytes.length);
    for (let offset = 0; offset + WINDOW <= bytes.length; offset += STRIDE) {
      let hash = 0;
      for (let at = offset; at < offset + WINDOW; at++) {
        hash = (Math.imul(hash, this.#factor) + (bytes[at] ?? 0)) | 0;
      }
      this.#parts.set(hash, [...(this.#parts.get(hash) ?? []), { indexed, offset }]);
      const bit = hash >>> (32 - FILTER_BITS);
      this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }
}
