import { expect, test } from "bun:test";
import type { AppError } from "../../kernel/index.ts";
import { parseSubject } from "../subject.ts";
import { Rates } from "./rates.ts";
import { admittedOf, refused, request, TestClock, tryNow } from "./rates.testing.ts";
import { RateRules } from "./rules.ts";

function open() {
  const clock = new TestClock();
  return { clock, rates: new Rates({ clock }) };
}

function rule(subject: string, limits: object) {
  return { id: subject, subject: parseSubject(subject), limits, createdAtMs: 0 };
}

const waitOf = (error: AppError) => Number(error.details?.["retryAfterMs"]);

test("without limits nothing is counted", () => {
  const { rates } = open();
  expect(rates.mayLimit(null)).toBeFalse();
  expect(rates.admit(request(null))).toBeUndefined();
  expect(rates.counters.size).toBe(0);
});

test("so many requests in any 60 seconds, and not twice as many around the end of a minute", () => {
  const { clock, rates } = open();
  const asked = request({ requestsPerMinute: 10 });
  clock.pass(54_000);
  expect(admittedOf(rates, 20, asked)).toBe(10);
  clock.pass(10_000);
  expect(admittedOf(rates, 20, asked)).toBe(0);
  clock.pass(51_000);
  expect(admittedOf(rates, 20, asked)).toBe(10);
});

test("Retry-After is the moment from which on a request fits, and not a moment earlier", () => {
  const { clock, rates } = open();
  const asked = request({ requestsPerMinute: 2 });
  tryNow(rates, asked);
  clock.pass(20_300);
  tryNow(rates, asked);
  clock.pass(1_500);
  const waitMs = waitOf(refused(rates, asked));
  // Until the first one is a minute old; it may be up to a slot of a second more.
  expect(waitMs).toBeGreaterThan(60_000 - 21_800);
  expect(waitMs).toBeLessThanOrEqual(60_000 - 21_800 + 1_000);
  clock.pass(waitMs - 1);
  refused(rates, asked);
  clock.pass(1);
  expect(admittedOf(rates, 2, asked)).toBe(1);
});

test("requests and tokens of a day are limited as well, for 24 hours", () => {
  const { clock, rates } = open();
  const asked = request({ requestsPerDay: 3 });
  expect(admittedOf(rates, 5, asked)).toBe(3);
  clock.pass(23 * 3_600_000);
  expect(admittedOf(rates, 5, asked)).toBe(0);
  clock.pass(3_600_000 + 15 * 60_000);
  expect(admittedOf(rates, 5, asked)).toBe(3);
});

test("tokens are estimated before and corrected afterwards, both ways", () => {
  const { rates } = open();
  const asked = request({ tokensPerMinute: 1_000 }, { estimatedTokens: 600 });
  const first = tryNow(rates, asked);
  refused(rates, asked);
  if (first instanceof Error || first === undefined) throw new Error("refused");
  first.end(true);
  first.settle(50);
  // 50 used.
  const second = tryNow(rates, asked);
  if (second instanceof Error || second === undefined) throw new Error("refused");
  second.end(true);
  second.settle(2_000);
  // More than was estimated, and more than the limit: whoever comes next waits for it.
  expect(refused(rates, request({ tokensPerMinute: 1_000 }, { estimatedTokens: 1 })).details).toMatchObject({
    limit: "tokensPerMinute",
    tokensRemaining: 0,
  });
});

test("a request that is estimated at more than the whole limit waits for an empty window, and takes all of it", () => {
  const { clock, rates } = open();
  const limits = { tokensPerMinute: 1_000 };
  const large = request(limits, { estimatedTokens: 50_000 });
  tryNow(rates, request(limits, { estimatedTokens: 10 }));
  const refusal = refused(rates, large);
  expect(refusal.hint).toContain("estimated at 50000 tokens, and needs all of the limit");
  clock.pass(waitOf(refusal));
  expect(tryNow(rates, large)).not.toBeInstanceOf(Error);
  refused(rates, request(limits, { estimatedTokens: 1 }));
});

test("a request without tokens passes where only tokens have run out", () => {
  const { rates } = open();
  const limits = { tokensPerMinute: 100 };
  tryNow(rates, request(limits, { estimatedTokens: 100 }));
  refused(rates, request(limits, { estimatedTokens: 1 }));
  expect(tryNow(rates, request(limits, { estimatedTokens: 0 }))).not.toBeInstanceOf(Error);
});

test("so many at the same time; the end of one makes room for the next, once", () => {
  const { rates } = open();
  const asked = request({ concurrency: 2 });
  const [first] = [tryNow(rates, asked), tryNow(rates, asked)];
  expect(waitOf(refused(rates, asked))).toBe(1_000);
  if (first instanceof Error || first === undefined) throw new Error("refused");
  first.end(true);
  first.end(true);
  first.settle(null);
  expect(admittedOf(rates, 3, asked)).toBe(1);
});

test("an attempt that never left counts for nothing", () => {
  const { rates } = open();
  const asked = request({ requestsPerMinute: 1, tokensPerMinute: 100, concurrency: 1 });
  const admission = tryNow(rates, asked);
  if (admission instanceof Error || admission === undefined) throw new Error("refused");
  admission.end(false);
  admission.settle(500);
  expect(tryNow(rates, asked)).not.toBeInstanceOf(Error);
});

test("all limits that cover a request allow it, or it is counted in none", () => {
  const { rates } = open();
  rates.setRules(
    new RateRules([
      rule("everything", { requestsPerMinute: 5 }),
      rule("user:ada", { requestsPerMinute: 3 }),
      rule("model:gpt-5*", { requestsPerMinute: 4 }),
      rule("connection:conn_1", { concurrency: 9 }),
    ]),
  );
  expect(admittedOf(rates, 9, request(null, { user: "ada", virtualKeyId: "vk_2" }))).toBe(3);
  // Ada's refused ones took nothing from the others.
  expect(admittedOf(rates, 9, request(null, { user: "eve", virtualKeyId: "vk_3" }))).toBe(1);
  expect(admittedOf(rates, 9, request(null, { model: "claude" }))).toBe(1);
  expect(admittedOf(rates, 9, request(null, { model: null }))).toBe(0);
});

test("the refusal names the limit that takes longest to come free, and the tightest of each kind", () => {
  const { rates } = open();
  rates.setRules(new RateRules([rule("team:core", { requestsPerDay: 1, tokensPerMinute: 150 })]));
  const asked = request({ requestsPerMinute: 1 }, { team: "core" });
  tryNow(rates, asked);
  const error = refused(rates, asked);
  expect(error.code).toBe("rate_limited");
  expect(error.httpStatus).toBe(429);
  expect(error.retryable).toBeTrue();
  expect(error.message).toBe("the limit of 1 request in any 24 hours is used up for team:core");
  expect(error.details).toMatchObject({
    limit: "requestsPerDay",
    subject: "team:core",
    most: 1,
    requestsLimit: 1,
    requestsRemaining: 0,
    tokensLimit: 150,
    tokensRemaining: 50,
  });
});

test("a limit that is changed counts for the next request, and what was counted stays", () => {
  const { rates } = open();
  expect(admittedOf(rates, 9, request({ requestsPerMinute: 2 }))).toBe(2);
  expect(admittedOf(rates, 9, request({ requestsPerMinute: 5 }))).toBe(3);
  expect(admittedOf(rates, 9, request({ requestsPerMinute: 4 }))).toBe(0);
  expect(admittedOf(rates, 9, request({ concurrency: 1 }))).toBe(1);
  rates.setRules(new RateRules([rule("everything", { requestsPerMinute: 1 })]));
  expect(admittedOf(rates, 9, request(null))).toBe(1);
  rates.setRules(new RateRules([]));
  expect(admittedOf(rates, 9, request(null))).toBe(9);
});

test("a limit lowered while a request runs takes back what that request was counted with", () => {
  const { rates } = open();
  const before = tryNow(rates, request({ tokensPerMinute: 1_000 }, { estimatedTokens: 900 }));
  if (before instanceof Error || before === undefined) throw new Error("refused");
  refused(rates, request({ tokensPerMinute: 200 }, { estimatedTokens: 100 }));
  before.end(true);
  before.settle(0);
  expect(admittedOf(rates, 9, request({ tokensPerMinute: 200 }, { estimatedTokens: 100 }))).toBe(2);
});

test("subjects that have gone quiet are forgotten, those with a request under way are not", () => {
  const { clock, rates } = open();
  const limits = { requestsPerMinute: 10, tokensPerMinute: 1_000 };
  for (let number = 0; number < 5_000; number++) {
    const admission = tryNow(rates, request(limits, { virtualKeyId: `vk_${number}` }));
    if (number > 0 && admission !== undefined && !(admission instanceof Error)) {
      admission.end(true);
      admission.settle(10);
    }
  }
  expect(rates.counters.size).toBe(5_000);
  clock.pass(61_000);
  for (let tick = 0; tick < 20; tick++) rates.sweep();
  expect(rates.counters.size).toBe(1);
});
