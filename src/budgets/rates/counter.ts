import type { RATE_LIMIT_NAMES, RateLimits } from "../../access/index.ts";
import { DAY, type Gauge, MINUTE, Running, Window } from "./window.ts";

export type RateLimitName = (typeof RATE_LIMIT_NAMES)[number];

/** What a limit counts. */
export type Unit = "requests" | "tokens" | "running";

const UNITS: Readonly<Record<RateLimitName, Unit>> = {
  requestsPerMinute: "requests",
  tokensPerMinute: "tokens",
  requestsPerDay: "requests",
  tokensPerDay: "tokens",
  concurrency: "running",
};

/** One limit of one subject, and how much of it this process has used. */
export class Counter {
  readonly subject: string;
  readonly name: RateLimitName;
  readonly unit: Unit;
  readonly gauge: Gauge;
  #limit: number;
  /** How much of the limit this process may use: all of it while no other process serves. */
  share: number;
  /** What a request would have needed when there was not enough; others are asked for it. */
  wanted = 0;
  usedAtMs = 0;
  /** Attempts that are not settled yet. */
  holders = 0;

  constructor(subject: string, name: RateLimitName, limit: number, share: number) {
    this.subject = subject;
    this.name = name;
    this.unit = UNITS[name];
    this.#limit = limit;
    this.share = share;
    this.gauge = gaugeOf(name);
  }

  /** For the store: what several processes call it. */
  get id(): string {
    return `${this.subject} ${this.name}`;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Lowering it lowers the share likewise: every process does, so that all shares together fit into it again. */
  set limit(limit: number) {
    if (limit < this.#limit && Number.isFinite(this.share)) {
      this.share = Math.floor((this.share * limit) / this.#limit);
    }
    this.#limit = limit;
  }

  /** How much may be counted here at once. */
  get most(): number {
    return this.share < this.#limit ? this.share : this.#limit;
  }

  /** What one request takes. Nobody needs more than the whole limit: then the window has to be empty. */
  amountOf(tokens: number): number {
    return this.unit !== "tokens" ? 1 : tokens < this.#limit ? tokens : this.#limit;
  }

  hasRoom(amount: number, nowMs: number): boolean {
    return amount === 0 || this.gauge.used(nowMs) + amount <= this.most;
  }

  /** Nothing would be lost if it were forgotten. */
  isIdle(nowMs: number): boolean {
    return this.holders === 0 && this.gauge.used(nowMs) === 0;
  }

  remaining(nowMs: number): number {
    return Math.max(0, this.most - this.gauge.used(nowMs));
  }
}

function gaugeOf(name: RateLimitName): Gauge {
  if (name === "concurrency") return new Running();
  return new Window(name === "requestsPerDay" || name === "tokensPerDay" ? DAY : MINUTE);
}

/** Whether two say the same. */
export function sameLimits(a: RateLimits, b: RateLimits): boolean {
  return (
    a === b ||
    (a.requestsPerMinute === b.requestsPerMinute &&
      a.tokensPerMinute === b.tokensPerMinute &&
      a.requestsPerDay === b.requestsPerDay &&
      a.tokensPerDay === b.tokensPerDay &&
      a.concurrency === b.concurrency)
  );
}
