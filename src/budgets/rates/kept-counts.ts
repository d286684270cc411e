import type { Clock } from "../../kernel/index.ts";
import type { Store } from "../../store/index.ts";
import type { Counter } from "./counter.ts";
import { forgetOldCounts, keepCounts, type KeptCounts } from "./shares/counts.ts";
import { Window } from "./window.ts";

export interface CountsKeeperOptions {
  readonly store: Store;
  readonly node: string;
  readonly clock: Clock;
}

/** Counters of one transaction. */
const MOST_AT_ONCE = 2_000;

/**
 * Keeps what was counted beyond the end of the process, so that a restart does not begin another full minute or day:
 * written every few seconds and at the end. Windows are counted by a clock that never jumps, and kept by the wall
 * clock.
 */
export class CountsKeeper {
  readonly #options: CountsKeeperOptions;
  #changed = new Set<Counter>();
  /** Of limits that were not used yet in this run. */
  readonly #waiting = new Map<string, KeptCounts>();

  constructor(options: CountsKeeperOptions) {
    this.#options = options;
  }

  changed(counter: Counter): void {
    if (counter.gauge.span !== undefined) this.#changed.add(counter);
  }

  /** Before anything is counted in it. */
  begin(counter: Counter): void {
    if (this.#waiting.size === 0) return;
    const kept = this.#waiting.get(counter.id);
    if (kept === undefined) return;
    this.#waiting.delete(counter.id);
    this.#merge(counter, kept);
  }

  /** What others, or a run before this one, have counted. */
  inherit(counts: readonly KeptCounts[], counterOf: (id: string) => Counter | undefined): void {
    for (const kept of counts) {
      const counter = counterOf(kept.counter);
      if (counter !== undefined) {
        this.#merge(counter, kept);
        continue;
      }
      const before = this.#waiting.get(kept.counter);
      const entries = [...(before?.entries ?? []), ...kept.entries];
      const untilMs = Math.max(kept.untilMs, before?.untilMs ?? 0);
      this.#waiting.set(kept.counter, { counter: kept.counter, entries, untilMs });
    }
  }

  /** How much counts of limits that were not used yet in this run. */
  waiting(): ReadonlyMap<string, number> {
    const nowMs = this.#options.clock.nowMs();
    const current = [...this.#waiting].filter(([, { untilMs }]) => untilMs > nowMs);
    return new Map(
      current.map(([id, { entries }]) => [id, entries.reduce((sum, [, amount]) => sum + amount, 0)]),
    );
  }

  /**
   * Writes what has changed since the last time; what changes meanwhile is for the next time. When it rejects, so is
   * what was not written.
   */
  async flush(): Promise<void> {
    const { store, node, clock } = this.#options;
    const left = [...this.#changed];
    this.#changed.clear();
    try {
      while (left.length > 0) {
        const some = left.slice(0, MOST_AT_ONCE);
        const nowMs = clock.monotonicMs();
        const aheadMs = clock.nowMs() - nowMs;
        await keepCounts(
          store,
          node,
          some.flatMap((counter) => keptOf(counter, nowMs, aheadMs)),
        );
        left.splice(0, some.length);
      }
    } finally {
      for (const counter of left) this.#changed.add(counter);
    }
  }

  /** To be called now and then. */
  async forgetOld(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    for (const [id, { untilMs }] of this.#waiting) if (untilMs <= nowMs) this.#waiting.delete(id);
    await forgetOldCounts(this.#options.store, nowMs);
  }

  #merge(counter: Counter, { entries }: KeptCounts): void {
    if (!(counter.gauge instanceof Window)) return;
    const { clock } = this.#options;
    const aheadMs = clock.nowMs() - clock.monotonicMs();
    const own = entries.map(([atMs, amount]) => [atMs - aheadMs, amount] as const);
    counter.gauge.merge(own, clock.monotonicMs());
    this.changed(counter);
  }
}

function keptOf(counter: Counter, nowMs: number, aheadMs: number): KeptCounts[] {
  if (!(counter.gauge instanceof Window)) return [];
  const { span } = counter.gauge;
  const entries = counter.gauge
    .entries(nowMs)
    .map(([atMs, amount]) => [Math.ceil(atMs + aheadMs), amount] as const);
  const untilMs = Math.ceil(nowMs + aheadMs + span.periodMs + span.slotMs);
  return [{ counter: counter.id, entries, untilMs }];
}
