import type { RateLimits } from "../../access/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { Spender } from "../subject.ts";
import { Admission } from "./admission.ts";
import type { Counter } from "./counter.ts";
import { Counters } from "./counters.ts";
import { rateLimited, type Shortage, TRY_AGAIN_MS } from "./refusal.ts";
import { RateRules } from "./rules.ts";

/** A request as limits see it. */
export interface RateRequest extends Spender {
  /** Of its virtual key. */
  readonly limits: RateLimits | null;
  /** What it is counted with until its end. */
  readonly estimatedTokens: number;
}

/** How limits are shared with other processes. Absent where there are none. */
export interface Sharing {
  /** What may be used at once of a limit that was not used here before. */
  firstShare(): number;
  /** Whether others could give something of what is missing here. */
  mayAsk(counter: Counter): boolean;
  /** Asks the others; resolves when something came, or nothing will. */
  ask(short: readonly Counter[]): Promise<void>;
  /** How long until others will have something to give. */
  waitMs(counter: Counter): number;
  /** Nothing would be lost if this process gave up its share. */
  mayForget(counter: Counter): boolean;
}

export interface RatesOptions {
  readonly clock: Clock;
  readonly sharing?: Sharing | undefined;
  /** A counter is used for the first time: what was kept of it can be put back. */
  readonly onNew?: (counter: Counter) => void;
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
  readonly #nowMs: () => number;
  #rules = new RateRules([]);

  constructor(options: RatesOptions) {
    const { clock, sharing, onNew } = options;
    this.#options = options;
    this.#nowMs = () => clock.monotonicMs();
    this.counters = new Counters({
      firstShare: () => sharing?.firstShare() ?? Number.POSITIVE_INFINITY,
      ...(onNew === undefined ? {} : { onNew }),
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
    const short = this.#short(counters, request.estimatedTokens);
    if (short.length === 0) return new Admission(counters, request.estimatedTokens, this.#nowMs);
    const { sharing } = this.#options;
    if (sharing === undefined || !short.every((counter) => sharing.mayAsk(counter))) {
      throw this.#refusal(short, counters, request.estimatedTokens);
    }
    return this.#askOthers(sharing, short, request);
  }

  /** To be called about every second. */
  tick(): void {
    const { sharing } = this.#options;
    this.counters.sweep(this.#nowMs(), (counter) => sharing?.mayForget(counter) ?? true);
  }

  async #askOthers(sharing: Sharing, short: readonly Counter[], request: RateRequest): Promise<Admission> {
    for (const counter of short) {
      const missing = counter.amountOf(request.estimatedTokens) - counter.remaining(this.#nowMs());
      counter.wanted = Math.max(counter.wanted, missing);
    }
    await sharing.ask(short);
    // Limits may have changed meanwhile.
    const counters = this.#countersOf(request);
    const still = this.#short(counters, request.estimatedTokens);
    if (still.length > 0) throw this.#refusal(still, counters, request.estimatedTokens);
    return new Admission(counters, request.estimatedTokens, this.#nowMs);
  }

  #countersOf(request: RateRequest): readonly Counter[] {
    const { limits, virtualKeyId } = request;
    const own = limits === null ? NONE : this.counters.of(`vk:${virtualKeyId}`, limits);
    if (this.#rules.isEmpty) return own;
    const others = this.#rules.of(request);
    if (others.length === 0) return own;
    return own.concat(others.flatMap(({ subject, limits }) => this.counters.of(subject, limits)));
  }

  #short(counters: readonly Counter[], tokens: number): readonly Counter[] {
    const nowMs = this.#nowMs();
    let isShort = false;
    for (const counter of counters) isShort ||= !counter.hasRoom(counter.amountOf(tokens), nowMs);
    return isShort ? counters.filter((counter) => !counter.hasRoom(counter.amountOf(tokens), nowMs)) : NONE;
  }

  #refusal(short: readonly Counter[], counters: readonly Counter[], tokens: number) {
    const nowMs = this.#nowMs();
    const shortages = short.map((counter) => ({ counter, waitMs: this.#waitMs(counter, tokens, nowMs) }));
    const longest = shortages.reduce((a: Shortage, b: Shortage) => (b.waitMs > a.waitMs ? b : a));
    return rateLimited(longest, counters, nowMs, this.#options.nameOf ?? plainName);
  }

  #waitMs(counter: Counter, tokens: number, nowMs: number): number {
    const mostBefore = counter.most - counter.amountOf(tokens);
    const atMs = mostBefore < 0 ? undefined : counter.gauge.atMost(mostBefore, nowMs);
    const ownMs = atMs === undefined ? undefined : Math.max(1, atMs - nowMs);
    const { sharing } = this.#options;
    if (sharing === undefined || counter.share >= counter.limit) return ownMs ?? TRY_AGAIN_MS;
    return Math.min(ownMs ?? Number.POSITIVE_INFINITY, Math.max(TRY_AGAIN_MS, sharing.waitMs(counter)));
  }
}

/** Ids of virtual keys mean nothing to those who hold them. */
function plainName(subject: string): string {
  return subject.startsWith("vk:") ? "this virtual key" : subject;
}

const NONE: readonly Counter[] = [];
