import { maskValue, type Randomness, type Secret } from "../kernel/index.ts";
import { formsOf } from "./known-forms.ts";
import { KnownKeyFinder } from "./known-key-finder.ts";
import type { KnownKey, KnownKeys, KnownMatch, SharedKnownKeys } from "./known-keys.ts";
import { SHORTEST_RUN } from "./runs.ts";

export interface KnownKeyEntry {
  readonly key: KnownKey;
  readonly secret: Secret;
}

/**
 * The vault's keys, made findable. Needs their bytes while it lives; they are held once, in memory that all threads of a
 * scan share, so that {@link KnownKeyIndex.close} wipes them for all.
 */
export class KnownKeyIndex implements KnownKeys {
  /** Names of keys that are too short to be looked for: they hold no row of 20 letters and digits. */
  readonly tooShort: readonly string[];
  readonly #shared: SharedKnownKeys;
  #finder: KnownKeyFinder | undefined;

  constructor(entries: Iterable<KnownKeyEntry>, randomness: Randomness) {
    const all = [...entries];
    const isShort = ({ secret }: KnownKeyEntry) => longestRun(secret.reveal()) < SHORTEST_RUN;
    this.tooShort = all.filter(isShort).map(({ key }) => key.name);
    this.#shared = { ...inOneMemory(all.filter((entry) => !isShort(entry))), factor: factorOf(randomness) };
    this.#finder = new KnownKeyFinder(this.#shared);
  }

  matchesIn(bytes: Uint8Array, start: number, end: number): readonly KnownMatch[] {
    return this.#finder?.matchesIn(bytes, start, end) ?? [];
  }

  share(): SharedKnownKeys {
    return this.#shared;
  }

  /** Nothing is found from then on. */
  close(): void {
    this.#finder = undefined;
    new Uint8Array(this.#shared.memory).fill(0);
  }
}

function inOneMemory(entries: readonly KnownKeyEntry[]): Omit<SharedKnownKeys, "factor"> {
  const all = entries.flatMap(({ key, secret }) => {
    const masked = maskValue(secret.reveal());
    return formsOf(secret.reveal()).map(({ form, bytes }) => ({ key, masked, form, bytes }));
  });
  const memory = new SharedArrayBuffer(all.reduce((size, { bytes }) => size + bytes.length, 0));
  const whole = new Uint8Array(memory);
  let start = 0;
  const forms = all.map(({ bytes, ...form }) => {
    const placed = { ...form, start, end: start + bytes.length };
    whole.set(bytes, start);
    bytes.fill(0);
    start = placed.end;
    return placed;
  });
  return { memory, forms };
}

/** Odd, so that no byte's share of a hash is lost. */
function factorOf(randomness: Randomness): number {
  return (new DataView(randomness(4).slice().buffer).getInt32(0) | 1) >> 0;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/[A-Za-z0-9_-]+/g)].map(([run]) => run.length));
}
