/** How much happened in the time that has just passed. */
export interface Gauge {
  /** How long what is counted counts; `undefined` = until it is taken back. */
  readonly span: Span | undefined;
  /** What counts at that moment. */
  used(nowMs: number): number;
  /** Counts something; gives the mark under which it can be lowered. */
  add(amount: number, nowMs: number): number;
  /** Takes back a part of what was counted under a mark. What has run out by itself is not taken back again. */
  lower(mark: number, amount: number): void;
  /** When at most so much will count, if nothing is added; `undefined` = nobody knows. */
  atMost(amount: number, nowMs: number): number | undefined;
}

/** A period and how finely it is counted: an event counts for at most one slot longer than the period. */
export interface Span {
  readonly periodMs: number;
  readonly slotMs: number;
}

export const MINUTE: Span = { periodMs: 60_000, slotMs: 1_000 };
export const DAY: Span = { periodMs: 24 * 3_600_000, slotMs: 15 * 60_000 };

/**
 * A sliding window, counted in slots. A slot counts until the last moment that may lie in it is a whole period ago:
 * so what is counted is never less than what happened in any period that ends now, and a bound on it holds for every
 * window, not only for those that begin with the minute. Slots in which nothing happened cost nothing.
 */
export class Window implements Gauge {
  readonly span: Span;
  /** Number and amount of each slot, oldest first. */
  #slots: number[] = [];
  #sum = 0;

  constructor(span: Span) {
    this.span = span;
  }

  used(nowMs: number): number {
    const slots = this.#slots;
    let gone = 0;
    while (gone < slots.length && this.#endsAtMs(slots[gone] ?? 0) <= nowMs) {
      this.#sum -= slots[gone + 1] ?? 0;
      gone += 2;
    }
    if (gone > 0) slots.splice(0, gone);
    return this.#sum;
  }

  add(amount: number, nowMs: number): number {
    const slots = this.#slots;
    const slot = Math.floor(nowMs / this.span.slotMs);
    this.#sum += amount;
    if (slots.at(-2) === slot) slots[slots.length - 1] = (slots.at(-1) ?? 0) + amount;
    else slots.push(slot, amount);
    return slot;
  }

  lower(mark: number, amount: number): void {
    const slots = this.#slots;
    for (let at = slots.length - 2; at >= 0; at -= 2) {
      if (slots[at] !== mark) continue;
      const less = Math.min(amount, slots[at + 1] ?? 0);
      slots[at + 1] = (slots[at + 1] ?? 0) - less;
      this.#sum -= less;
      return;
    }
  }

  atMost(amount: number, nowMs: number): number {
    let sum = this.used(nowMs);
    let atMs = nowMs;
    for (let at = 0; sum > amount && at < this.#slots.length; at += 2) {
      sum -= this.#slots[at + 1] ?? 0;
      atMs = this.#endsAtMs(this.#slots[at] ?? 0);
    }
    return atMs;
  }

  /** What counts, by the last moment at which it may have happened: for whoever keeps it. */
  entries(nowMs: number): readonly (readonly [atMs: number, amount: number])[] {
    this.used(nowMs);
    const { slotMs } = this.span;
    const pairs: [number, number][] = [];
    for (let at = 0; at < this.#slots.length; at += 2) {
      const amount = this.#slots[at + 1] ?? 0;
      if (amount > 0) pairs.push([((this.#slots[at] ?? 0) + 1) * slotMs - 1, amount]);
    }
    return pairs;
  }

  /** Counts what was counted elsewhere as well, or in another run. */
  merge(entries: readonly (readonly [atMs: number, amount: number])[], nowMs: number): void {
    const all = [...this.entries(nowMs), ...entries].sort(([a], [b]) => a - b);
    this.#slots = [];
    this.#sum = 0;
    for (const [atMs, amount] of all) this.add(amount, Math.min(atMs, nowMs));
  }

  #endsAtMs(slot: number): number {
    return (slot + 1) * this.span.slotMs + this.span.periodMs;
  }
}

/** What is under way: it counts until it is taken back. */
export class Running implements Gauge {
  readonly span = undefined;
  #running = 0;

  used(): number {
    return this.#running;
  }

  add(amount: number): number {
    this.#running += amount;
    return 0;
  }

  lower(_mark: number, amount: number): void {
    this.#running -= amount;
  }

  atMost(amount: number, nowMs: number): number | undefined {
    return this.#running <= amount ? nowMs : undefined;
  }
}
