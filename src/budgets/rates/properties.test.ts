// Whatever comes in whatever order: no window holds more than its limit, and nothing is left behind.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Admission } from "./admission.ts";
import { Rates } from "./rates.ts";
import { request, TestClock, tryNow } from "./rates.testing.ts";
import { DAY, MINUTE, Window } from "./window.ts";

interface Step {
  readonly kind: "ask" | "end" | "lost" | "wait";
  readonly tokens: number;
  readonly which: number;
  readonly waitMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("ask", "ask", "ask", "end", "lost", "wait"),
  tokens: fc.integer({ min: 0, max: 400 }),
  which: fc.nat(50),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 70_000 })),
});

const limitsOf = fc.record({
  requestsPerMinute: fc.integer({ min: 1, max: 12 }),
  tokensPerMinute: fc.integer({ min: 1, max: 1_000 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
});

test("never more requests or estimated tokens than the limit in any minute, never more at once, nothing left at rest", () => {
  fc.assert(
    fc.property(limitsOf, fc.array(step, { maxLength: 120 }), (limits, steps) => {
      const clock = new TestClock();
      const rates = new Rates({ clock });
      const taken: { atMs: number; tokens: number }[] = [];
      const open: { admission: Admission; event: { atMs: number; tokens: number } }[] = [];
      for (const { kind, tokens, which, waitMs } of steps) {
        if (kind === "wait") clock.pass(waitMs);
        else if (kind === "ask") {
          const outcome = tryNow(rates, request(limits, { estimatedTokens: tokens }));
          if (outcome === undefined || outcome instanceof Error) continue;
          const event = { atMs: clock.passedMs, tokens: Math.min(tokens, limits.tokensPerMinute) };
          taken.push(event);
          open.push({ admission: outcome, event });
        } else {
          const [one] = open.splice(which % Math.max(1, open.length), 1);
          if (one === undefined) continue;
          one.admission.end(kind === "end");
          // Never more than was estimated: that is what an estimate is for.
          const used = Math.min(tokens, one.event.tokens);
          one.admission.settle(used);
          if (kind === "lost") taken.splice(taken.indexOf(one.event), 1);
          else one.event.tokens = used;
        }
        expect(open.length).toBeLessThanOrEqual(limits.concurrency);
        const minute = taken.filter(({ atMs }) => atMs > clock.passedMs - 60_000);
        expect(minute.length).toBeLessThanOrEqual(limits.requestsPerMinute);
        expect(minute.reduce((sum, one) => sum + one.tokens, 0)).toBeLessThanOrEqual(limits.tokensPerMinute);
      }
      for (const { admission } of open) {
        admission.end(true);
        admission.settle(null);
      }
      clock.pass(62_000);
      for (const counter of rates.counters.all()) expect(counter.isIdle(clock.passedMs)).toBeTrue();
      rates.sweep();
      expect(rates.counters.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("what waits as long as it was told fits, unless somebody else came first", () => {
  fc.assert(
    fc.property(limitsOf, fc.array(step, { maxLength: 60 }), fc.nat(1_500), (limits, steps, tokens) => {
      const clock = new TestClock();
      const rates = new Rates({ clock });
      const { concurrency: _none, ...windows } = limits;
      for (const { waitMs, tokens } of steps) {
        tryNow(rates, request(windows, { estimatedTokens: tokens }));
        clock.pass(waitMs % 2_000);
      }
      const asked = request(windows, { estimatedTokens: tokens });
      const outcome = tryNow(rates, asked);
      if (!(outcome instanceof Error)) return;
      const waitMs = Number(outcome.details?.["retryAfterMs"]);
      expect(waitMs).toBeLessThanOrEqual(61_000);
      clock.pass(waitMs);
      expect(tryNow(rates, asked)).not.toBeInstanceOf(Error);
    }),
    { numRuns: 300 },
  );
});

test("a window counts what happened in its period, for at most one slot longer", () => {
  const events = fc.array(fc.tuple(fc.nat(90_000_000), fc.integer({ min: 1, max: 9 })), { maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom(MINUTE, DAY), events, (span, list) => {
      const window = new Window(span);
      const scale = span === DAY ? 1 : 1 / 1_000;
      const sorted = list.map(([at, amount]) => [at * scale, amount] as const).sort(([a], [b]) => a - b);
      for (const [count, [atMs, amount]] of sorted.entries()) {
        window.used(atMs);
        window.add(amount, atMs);
        const before = sorted.slice(0, count + 1);
        const within = (ms: number) =>
          before.filter(([at]) => at > atMs - ms).reduce((sum, [, amount]) => sum + amount, 0);
        expect(window.used(atMs)).toBeGreaterThanOrEqual(within(span.periodMs));
        expect(window.used(atMs)).toBeLessThanOrEqual(within(span.periodMs + span.slotMs));
        const kept = new Window(span);
        kept.merge(window.entries(atMs), atMs);
        expect(kept.used(atMs)).toBe(window.used(atMs));
      }
    }),
  );
});
