import { maskValue, type Randomness, type Secret } from "../kernel/index.ts";
import type { KnownKey, KnownKeys, KnownMatch } from "./known-keys.ts";
import { formsOf, type KnownForm } from "./known-forms.ts";
import { isRunByte, SHORTEST_RUN } from "./runs.ts";
import { compareAround } from "./tolerant-compare.ts";

export interface KnownKeyEntry {
  readonly key: KnownKey;
  readonly secret: Secret;
}

interface IndexedForm {
  readonly key: KnownKey;
  readonly masked: string;
  readonly form: KnownForm;
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
 * The vault's keys, made findable: a rolling hash under a random factor of this index goes over each run, and where it
 * meets a part of a key the whole key is compared, byte by byte. Needs the keys' bytes while it lives;
 * {@link KnownKeyIndex.close} wipes them.
 */
export class KnownKeyIndex implements KnownKeys {
  /** Names of keys that are too short to be looked for: they hold no row of 20 letters and digits. */
  readonly tooShort: readonly string[];
  readonly #parts = new Map<number, Part[]>();
  /** Tells most hashes from those in the map without looking there. */
  readonly #filter = new Uint8Array(2 ** FILTER_BITS / 8);
  readonly #factor: number;
  /** What the byte that leaves the window has been multiplied by. */
  readonly #leaving: number;
  #forms: readonly IndexedForm[];
  #longest = 0;

  constructor(entries: Iterable<KnownKeyEntry>, randomness: Randomness) {
    this.#factor = factorOf(randomness);
    let leaving = 1;
    for (let i = 0; i < WINDOW; i++) leaving = Math.imul(leaving, this.#factor);
    this.#leaving = leaving;
    const all = [...entries];
    const isShort = ({ secret }: KnownKeyEntry) => longestRun(secret.reveal()) < SHORTEST_RUN;
    this.tooShort = all.filter(isShort).map(({ key }) => key.name);
    this.#forms = all.filter((entry) => !isShort(entry)).flatMap(indexedForms);
    for (const indexed of this.#forms) this.#add(indexed);
  }

  /** Wipes the keys; nothing is found from then on. */
  close(): void {
    for (const { form } of this.#forms) form.bytes.fill(0);
    this.#forms = [];
    this.#parts.clear();
    this.#filter.fill(0);
  }

  matchesIn(bytes: Uint8Array, start: number, end: number): readonly KnownMatch[] {
    const matches: KnownMatch[] = [];
    if (this.#forms.length === 0) return matches;
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
      const found = compareAround(bytes, at, form.bytes, offset);
      if (!found) continue;
      return { key, masked, form: found.written ?? form.form, start: found.start, end: found.end };
    }
    return undefined;
  }

  #mayHold(hash: number): boolean {
    const bit = hash >>> (32 - FILTER_BITS);
    return ((this.#filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  #add(indexed: IndexedForm): void {
    const { bytes } = indexed.form;
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

function indexedForms({ key, secret }: KnownKeyEntry): IndexedForm[] {
  const masked = maskValue(secret.reveal());
  return formsOf(secret.reveal()).map((form) => ({ key, masked, form }));
}

/** Odd, so that no byte's share of a hash is lost. */
function factorOf(randomness: Randomness): number {
  return (new DataView(randomness(4).slice().buffer).getInt32(0) | 1) >> 0;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/[A-Za-z0-9_-]+/g)].map(([run]) => run.length));
}
