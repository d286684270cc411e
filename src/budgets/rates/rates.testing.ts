// What the tests of rate limits share: a clock that is set, and requests.
import type { RateLimits } from "../../access/index.ts";
import { AppError, type Clock } from "../../kernel/index.ts";
import type { Admission } from "./admission.ts";
import type { RateRequest, Rates } from "./rates.ts";

export class TestClock implements Clock {
  timeMs = Date.UTC(2026, 10, 23, 10);
  passedMs = 5_000;

  nowMs(): number {
    return this.timeMs;
  }

  monotonicMs(): number {
    return this.passedMs;
  }

  pass(ms: number): void {
    this.timeMs += ms;
    this.passedMs += ms;
  }
}

export function request(limits: RateLimits | null, more: Partial<RateRequest> = {}): RateRequest {
  return {
    virtualKeyId: "vk_1",
    limits,
    user: null,
    team: null,
    project: null,
    tool: null,
    connectionId: "conn_1",
    model: "gpt-5",
    estimatedTokens: 100,
    ...more,
  };
}

/** The admission, or the refusal. */
export function tryNow(rates: Rates, asked: RateRequest): Admission | AppError | undefined {
  try {
    const admitted = rates.admit(asked);
    if (admitted instanceof Promise) throw new Error("this would wait for others");
    return admitted;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** How many of so many requests are let through. */
export function admittedOf(rates: Rates, count: number, asked: RateRequest): number {
  const tried = Array.from({ length: count }, () => tryNow(rates, asked));
  return tried.filter((one) => !(one instanceof AppError)).length;
}

export function refused(rates: Rates, asked: RateRequest): AppError {
  const outcome = tryNow(rates, asked);
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused");
}
