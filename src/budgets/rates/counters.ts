import { RATE_LIMIT_NAMES, type RateLimits } from "../../access/index.ts";
import { Counter, sameLimits } from "./counter.ts";

export interface SubjectCounters {
  readonly subject: string;
  limits: RateLimits;
  counters: readonly Counter[];
}

export interface CountersOptions {
  /** Of a limit that nothing was counted for: what this process may use of it before it asks others. */
  readonly firstShare: () => number;
  /** Before anything is counted in it. */
  readonly onNew: (counter: Counter) => void;
  readonly onLimitChanged: (counter: Counter) => void;
}

/** A whole round of looking for subjects that have gone quiet takes at the most so many looks. */
const LOOKS_PER_ROUND = 200;
const LEAST_PER_LOOK = 1_000;

/** The counters in use, by subject: one comes with the first request of its subject and goes when nothing counts. */
export class Counters {
  readonly #options: CountersOptions;
  readonly #bySubject = new Map<string, SubjectCounters>();
  #round: Iterator<SubjectCounters> | undefined;

  constructor(options: CountersOptions) {
    this.#options = options;
  }

  /** Subjects that are counted. */
  get size(): number {
    return this.#bySubject.size;
  }

  /** The counters of a subject under limits as they are now; those of limits that have gone are dropped. */
  of(subject: string, limits: RateLimits): readonly Counter[] {
    const known = this.#bySubject.get(subject);
    if (known === undefined) {
      const counters = this.#counters(subject, limits, []);
      this.#bySubject.set(subject, { subject, limits, counters });
      return counters;
    }
    if (known.limits !== limits) {
      if (!sameLimits(known.limits, limits)) {
        known.counters = this.#counters(subject, limits, known.counters);
      }
      known.limits = limits;
    }
    return known.counters;
  }

  /** By {@link Counter.id}. */
  byId(id: string): Counter | undefined {
    const space = id.lastIndexOf(" ");
    const subject = this.#bySubject.get(id.slice(0, space));
    return subject?.counters.find(({ name }) => name === id.slice(space + 1));
  }

  *all(): Generator<Counter> {
    for (const { counters } of this.#bySubject.values()) yield* counters;
  }

  /** To be called about every second: forgets a part of those for which nothing counts any more. */
  sweep(nowMs: number, mayGo: (counter: Counter) => boolean): void {
    const looks = Math.max(LEAST_PER_LOOK, Math.ceil(this.#bySubject.size / LOOKS_PER_ROUND));
    this.#round ??= this.#bySubject.values();
    for (let look = 0; look < looks; look++) {
      const { done, value } = this.#round.next();
      if (done === true) {
        this.#round = undefined;
        return;
      }
      if (value.counters.every((counter) => counter.isIdle(nowMs) && mayGo(counter)))
        this.#bySubject.delete(value.subject);
    }
  }

  #counters(subject: string, limits: RateLimits, before: readonly Counter[]): readonly Counter[] {
    return RATE_LIMIT_NAMES.flatMap((name) => {
      const limit = limits[name];
      if (limit === undefined) return [];
      const known = before.find((counter) => counter.name === name);
      if (known !== undefined) {
        if (known.limit === limit) return [known];
        known.limit = limit;
        this.#options.onLimitChanged(known);
        return [known];
      }
      const counter = new Counter(subject, name, limit, this.#options.firstShare());
      this.#options.onNew(counter);
      return [counter];
    });
  }
}
