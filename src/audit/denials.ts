import { type Clock, formatTime } from "../kernel/index.ts";
import type { AuditEvent } from "./entry.ts";

/** A refusal at the gateway. Without a virtual key it came from somebody unknown, and is only counted. */
export interface Denial {
  readonly virtualKeyId?: string | undefined;
  /** One of few: `expired`, `model`, `path`. */
  readonly reason: string;
}

export interface DenialAggregatorOptions {
  readonly clock: Clock;
  /** Writes the entries, all or none. When it rejects, the counts are kept for the next time. */
  readonly flush: (entries: readonly AuditEvent[]) => Promise<void>;
  /** Counters kept at most; denials beyond them are counted together under the reason `other`. Default 10,000. */
  readonly maxCounters?: number;
}

/** Denials of one virtual key for one reason within one minute. */
interface Counter {
  readonly virtualKeyId: string | undefined;
  readonly reason: string;
  readonly minuteMs: number;
  count: number;
}

const MINUTE_MS = 60_000;

/**
 * Turns the gateway's denials into one audit entry per virtual key, reason and minute, in bounded memory: nobody
 * fills the log, the disk or the process from outside.
 */
export class DenialAggregator {
  readonly #clock: Clock;
  readonly #flush: DenialAggregatorOptions["flush"];
  readonly #maxCounters: number;
  #counters = new Map<string, Counter>();
  #unknown = 0;

  constructor({ clock, flush, maxCounters = 10_000 }: DenialAggregatorOptions) {
    this.#clock = clock;
    this.#flush = flush;
    this.#maxCounters = maxCounters;
  }

  /** Denials of unknown callers since the start, for the metrics. */
  get unknownCallers(): number {
    return this.#unknown;
  }

  note({ virtualKeyId, reason }: Denial): void {
    if (virtualKeyId === undefined) {
      this.#unknown++;
      return;
    }
    const now = this.#clock.nowMs();
    this.#count({ virtualKeyId, reason, minuteMs: now - (now % MINUTE_MS), count: 1 });
  }

  /** Writes the minutes that are over; for a timer. */
  async flushEnded(): Promise<void> {
    const minuteMs = this.#clock.nowMs() - MINUTE_MS;
    await this.#write((counter) => counter.minuteMs <= minuteMs);
  }

  /** Writes everything: at the end of the process. */
  async close(): Promise<void> {
    await this.#write(() => true);
  }

  async #write(due: (counter: Counter) => boolean): Promise<void> {
    const counters = [...this.#counters].filter(([, counter]) => due(counter));
    if (counters.length === 0) return;
    // Taken out first: what is noted while the entries are written belongs to the next time.
    for (const [name] of counters) this.#counters.delete(name);
    try {
      await this.#flush(counters.map(([, counter]) => eventOf(counter)));
    } catch (error) {
      for (const [, counter] of counters) this.#count(counter);
      throw error;
    }
  }

  #count(counter: Counter): void {
    const known = this.#counters.get(nameOf(counter));
    if (known) known.count += counter.count;
    else if (this.#counters.size < this.#maxCounters) this.#counters.set(nameOf(counter), { ...counter });
    else this.#countOther(counter);
  }

  /** The counter of last resort; there is one, whatever the minute, so it cannot be many. */
  #countOther({ minuteMs, count }: Counter): void {
    const other = this.#counters.get(OTHER);
    if (other) other.count += count;
    else this.#counters.set(OTHER, { virtualKeyId: undefined, reason: "other", minuteMs, count });
  }
}

const OTHER = "other";

function nameOf({ virtualKeyId, reason, minuteMs }: Counter): string {
  return virtualKeyId === undefined ? OTHER : JSON.stringify([virtualKeyId, reason, minuteMs]);
}

function eventOf({ virtualKeyId, reason, minuteMs, count }: Counter): AuditEvent {
  return {
    caller: virtualKeyId === undefined ? "virtual_key:other" : `virtual_key:${virtualKeyId}`,
    action: "gateway.request",
    subject: virtualKeyId,
    outcome: "denied",
    details: { count, minute: formatTime(minuteMs), reason },
  };
}
