import type { Counter } from "./counter.ts";

export interface AdmissionEvents {
  nowMs(): number;
  /** What the counter counts has changed. */
  changed(counter: Counter): void;
}

/** What one attempt has been counted with, until it is known what it really used. */
export class Admission {
  readonly #counters: readonly Counter[];
  readonly #amounts: number[] = [];
  readonly #marks: number[] = [];
  readonly #events: AdmissionEvents;
  #ended = false;
  #settled = false;

  /** Counts the attempt; the caller has seen that there is room. */
  constructor(counters: readonly Counter[], tokens: number, events: AdmissionEvents) {
    this.#counters = counters;
    this.#events = events;
    const atMs = events.nowMs();
    for (const counter of counters) {
      const amount = counter.amountOf(tokens);
      this.#amounts.push(amount);
      this.#marks.push(counter.gauge.add(amount, atMs));
      counter.holders += 1;
      counter.usedAtMs = atMs;
      events.changed(counter);
    }
  }

  /**
   * The attempt runs no longer. One that never left counts for nothing at all; one that did is to be settled as well.
   * Later calls change nothing.
   */
  end(left: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const [at, counter] of this.#counters.entries()) {
      if (left && counter.unit !== "running") continue;
      counter.gauge.lower(this.#marks[at] ?? 0, this.#amounts[at] ?? 0);
      this.#events.changed(counter);
    }
    if (!left) this.#release();
  }

  /**
   * What it used: less is given back where it was counted, more counts from now on. `null` = nobody knows; then it
   * stays as it was estimated. Later calls change nothing.
   */
  settle(tokens: number | null): void {
    if (this.#settled) return;
    for (const [at, counter] of this.#counters.entries()) {
      if (counter.unit !== "tokens" || tokens === null) continue;
      const more = tokens - (this.#amounts[at] ?? 0);
      if (more > 0) counter.gauge.add(more, this.#events.nowMs());
      else counter.gauge.lower(this.#marks[at] ?? 0, -more);
      this.#events.changed(counter);
    }
    this.#release();
  }

  #release(): void {
    if (this.#settled) return;
    this.#settled = true;
    for (const counter of this.#counters) counter.holders -= 1;
  }
}
