import type { RateLimits } from "../../access/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { Spender } from "../subject.ts";
import { Admission, type AdmissionEvents } from "./admission.ts";
import type { Counter } from "./counter.ts";
import { Counters } from "./counters.ts";
import { rateLimited, type Shortage, TRY_AGAIN_MS } from "./refusal.ts";
import { RateRules } from "./rules.ts";
import type { Sharing } from "./sharing.ts";

/** A request as limits see it. */
export interface RateRequest extends Spender {
  /** Of its virtual key. */
  readonly limits: RateLimits | null;
  /** What it is counted with until its end. */
  readonly estimatedTokens: number;
}

export interface RatesOptions {
  readonly clock: Clock;
  readonly sharing?: Sharing | undefined;
  /** Keeps what is counted for the next run. */
  readonly keeper?: { begin(counter: Counter): void; changed(counter: Counter): void };
  /** For people: `connection:conn_1` → `connection openai`. */
  readonly nameOf?: (subject: string) => string;
}

/**
 * How much may be asked for, by everybody's limits together: a request fits into all limits that cover it and is
 * counted in each, or in none. Where nothing is limited it costs two comparisons.
 */
export class Rates {
  readonly #options: RatesOptions;
  readonly counters: Counters;
  readonly #events: AdmissionEvents;
  #rules = new RateRules([]);

  constructor(options: RatesOptions) {
    const { clock, sharing, keeper } = options;
    this.#options = options;
    this.#events = {
      nowMs: () => clock.monotonicMs(),
      changed: (counter) => keeper?.changed(counter),
    };
    this.counters = new Counters({
      firstShare: () => sharing?.firstShare() ?? Number.POSITIVE_INFINITY,
      onNew: (counter) => keeper?.begin(counter),
      onLimitChanged: (counter) => sharing?.limitChanged(counter),
    });
  }

  /** The rules from now on; what was counted stays. */
  setRules(rules: RateRules): void {
    this.#rules = rules;
  }

  /** Whether anything at all may limit requests of a virtual key with these limits. */
  mayLimit(limits: RateLimits | null): boolean {
    return limits !== null || !this.#rules.isEmpty;
  }

  /**
   * Counts the request in every limit that covers it; `undefined` when none does. Waits only for what other processes
   * may give. @throws AppError `rate_limited`, with `details.retryAfterMs`.
   */
  admit(request: RateRequest): Admission | undefined | Promise<Admission> {
    const counters = this.#countersOf(request);
    if (counters.length === 0) return undefined;
    const { sharing } = this.#options;
    if (sharing !== undefined && !sharing.isCurrent()) return this.#askOthers(sharing, counters, request);
    const admission = this.#take(counters, request);
    if (admission !== undefined) return admission;
    const short = this.#short(counters, request);
    if (sharing !== undefined && short.every((counter) => sharing.mayAsk(counter))) {
      return this.#askOthers(sharing, short, request);
    }
    throw this.#refusal(short, counters, request);
  }

  /** To be called about every second: forgets what does not count any more. */
  sweep(): void {
    const { sharing } = this.#options;
    this.counters.sweep(this.#events.nowMs(), (counter) => sharing?.mayForget(counter) ?? true);
  }

  async #askOthers(sharing: Sharing, short: readonly Counter[], request: RateRequest): Promise<Admission> {
    const nowMs = this.#events.nowMs();
    const missing = (counter: Counter) =>
      Math.max(0, counter.amountOf(request.estimatedTokens) - counter.remaining(nowMs));
    const wants = new Map(short.map((counter) => [counter, missing(counter)]));
    // Limits may change meanwhile.
    const admission = await sharing.ask(wants, () => this.#take(this.#countersOf(request), request));
    if (admission !== undefined) return admission;
    const counters = this.#countersOf(request);
    const still = this.#short(counters, request);
    if (still.length === 0) return new Admission(counters, request.estimatedTokens, this.#events);
    throw this.#refusal(still, counters, request);
  }

  #countersOf(request: RateRequest): readonly Counter[] {
    const { limits, virtualKeyId } = request;
    const own = limits === null ? NONE : this.counters.of(`vk:${virtualKeyId}`, limits);
    if (this.#rules.isEmpty) return own;
    const others = this.#rules.of(request);
    if (others.length === 0) return own;
    return own.concat(others.flatMap(({ subject, limits }) => this.counters.of(subject, limits)));
  }

  /** Counts the request in all of them, or in none. */
  #take(counters: readonly Counter[], { estimatedTokens }: RateRequest): Admission | undefined {
    const nowMs = this.#events.nowMs();
    for (const counter of counters) {
      if (!counter.hasRoom(counter.amountOf(estimatedTokens), nowMs)) return undefined;
    }
    return new Admission(counters, estimatedTokens, this.#events);
  }

  #short(counters: readonly Counter[], { estimatedTokens }: RateRequest): readonly Counter[] {
    const nowMs = this.#events.nowMs();
    return counters.filter((counter) => !counter.hasRoom(counter.amountOf(estimatedTokens), nowMs));
  }

  #refusal(short: readonly Counter[], counters: readonly Counter[], { estimatedTokens }: RateRequest) {
    const nowMs = this.#events.nowMs();
    const shortages = short.map((counter) => ({
      counter,
      waitMs: this.#waitMs(counter, counter.amountOf(estimatedTokens), nowMs),
      estimatedTokens,
    }));
    const longest = shortages.reduce((a: Shortage, b: Shortage) => (b.waitMs > a.waitMs ? b : a));
    return rateLimited(longest, counters, nowMs, this.#options.nameOf ?? plainName);
  }

  #waitMs(counter: Counter, amount: number, nowMs: number): number {
    const before = counter.most - amount;
    const atMs = before < 0 ? undefined : counter.gauge.atMost(before, nowMs);
    const ownMs = atMs === undefined ? undefined : Math.max(1, atMs - nowMs);
    const { sharing } = this.#options;
    if (sharing === undefined || counter.share >= counter.limit) return ownMs ?? TRY_AGAIN_MS;
    return Math.min(ownMs ?? Number.POSITIVE_INFINITY, Math.max(TRY_AGAIN_MS, sharing.waitMs(counter)));
  }
}

const NONE: readonly Counter[] = [];

/** Ids of virtual keys mean nothing to those who hold them. */
function plainName(subject: string): string {
  return subject.startsWith("vk:") ? "this virtual key" : subject;
}
