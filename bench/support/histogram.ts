const PER_OCTAVE = 128;
/** From 1 µs to about five minutes. */
const OCTAVES = 28;
const US_PER_MS = 1000;

/** Durations, counted in steps of half a percent: the memory stays the same however many there are. */
export class Histogram {
  readonly #counts = new Float64Array(OCTAVES * PER_OCTAVE);
  #total = 0;

  /** How many were added. */
  get total(): number {
    return this.#total;
  }

  add(durationMs: number): void {
    const us = Math.max(1, durationMs * US_PER_MS);
    const at = Math.min(this.#counts.length - 1, Math.floor(Math.log2(us) * PER_OCTAVE));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total++;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The duration in ms that `percent` of them do not exceed; 0 for none. */
  percentileMs(percent: number): number {
    if (this.#total === 0) return 0;
    const rank = Math.min(this.#total - 1, Math.floor((this.#total * percent) / 100));
    let seen = 0;
    const at = this.#counts.findIndex((count) => (seen += count) > rank);
    return 2 ** ((at + 0.5) / PER_OCTAVE) / US_PER_MS;
  }
}
