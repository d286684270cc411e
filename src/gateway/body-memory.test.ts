import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BodyMemory } from "./body-memory.ts";

const codeOf = (promise: Promise<void> | undefined) =>
  (promise ?? Promise.resolve()).then(
    () => "ok",
    (error: unknown) => (error as { code: string }).code,
  );

test("what fits is taken at once, and all of it comes back when the request ends, once", () => {
  const memory = new BodyMemory({ limitBytes: 100 });
  const [a, b] = [memory.share(), memory.share()];
  expect(a.grow(60)).toBeUndefined();
  expect(b.grow(40)).toBeUndefined();
  a.shrink(10);
  expect(memory.usedBytes).toBe(90);
  a.release();
  a.release();
  expect(memory.usedBytes).toBe(40);
  b.release();
  expect(memory.usedBytes).toBe(0);
});

test("who finds no room waits in turn, and goes on when others have ended", async () => {
  const memory = new BodyMemory({ limitBytes: 100, waitMs: 60_000 });
  const [first, second, third] = [memory.share(), memory.share(), memory.share()];
  void first.grow(80);
  const order: string[] = [];
  const waiting = [
    second.grow(50)?.then(() => order.push("second")),
    // It would fit, and comes later all the same: large requests are not starved by small ones.
    third.grow(10)?.then(() => order.push("third")),
  ];
  expect(memory.usedBytes).toBe(80);
  first.release();
  await Promise.all(waiting);
  expect(order).toEqual(["second", "third"]);
  expect(memory.usedBytes).toBe(60);
});

test("who waits too long is told when to come again; a smaller one behind it goes on", async () => {
  const memory = new BodyMemory({ limitBytes: 100, waitMs: 20 });
  const [first, second] = [memory.share(), memory.share()];
  void first.grow(80);
  const refused = second.grow(50);
  expect(refused).toBeDefined();
  await expect(Promise.resolve(refused)).rejects.toMatchObject({
    code: "overloaded",
    httpStatus: 503,
    retryable: true,
    details: { retryAfterMs: expect.any(Number) },
  });
  expect(memory.usedBytes).toBe(80);
});

test("a caller that goes away while it waits makes way for those behind it", async () => {
  const memory = new BodyMemory({ limitBytes: 100, waitMs: 60_000 });
  const leaving = new AbortController();
  const [first, second, third] = [memory.share(), memory.share(leaving.signal), memory.share()];
  void first.grow(80);
  const gone = codeOf(second.grow(50));
  const behind = codeOf(third.grow(20));
  leaving.abort();
  expect(await gone).toBe("cancelled");
  expect(await behind).toBe("ok");
  expect(await codeOf(second.grow(50))).toBe("cancelled");
  expect(memory.usedBytes).toBe(100);
});

test("more than there is altogether is too large, and nobody waits for it", () => {
  const memory = new BodyMemory({ limitBytes: 100 });
  const share = memory.share();
  void share.grow(60);
  expect(() => share.grow(41)).toThrow(expect.objectContaining({ code: "too_large" }));
  expect(memory.usedBytes).toBe(60);
});

describe("room for a body that was announced", () => {
  let nowMs = 0;
  const open = () => {
    nowMs = 0;
    const memory = new BodyMemory({ limitBytes: 600, waitMs: 60_000, nowMs: () => nowMs, lookEveryMs: 1 });
    const [slow, next] = [memory.share(), memory.share()];
    expect(slow.expect(600)).toBeUndefined();
    return { memory, slow, next };
  };

  test("is lent to who waits, as far as the body does not come", async () => {
    const { memory, slow, next } = open();
    await slow.came(10);
    const waiting = codeOf(next.expect(300));
    nowMs = 1_000;
    await Bun.sleep(20);
    expect(memory.usedBytes).toBe(600);
    // A second later a sixtieth should be here.
    nowMs = 2_001;
    expect(await waiting).toBe("ok");
    expect(memory.usedBytes).toBe(310);
    // What still comes of it takes room as it comes, and never more than was announced.
    await slow.came(200);
    expect(memory.usedBytes).toBe(510);
    slow.arrived();
    next.release();
    slow.release();
    expect(memory.usedBytes).toBe(0);
  });

  test("stays while the body comes at a pace that brings it within a minute, and when it is here", async () => {
    const { memory, slow, next } = open();
    await slow.came(300);
    nowMs = 31_000;
    let over = false;
    const waiting = codeOf(next.expect(10)).finally(() => (over = true));
    await Bun.sleep(20);
    expect([over, memory.usedBytes]).toEqual([false, 600]);
    await slow.came(300);
    slow.arrived();
    nowMs = 1_000_000;
    await Bun.sleep(20);
    expect([over, memory.usedBytes]).toEqual([false, 600]);
    slow.release();
    expect(await waiting).toBe("ok");
    next.release();
    expect(memory.usedBytes).toBe(0);
  });

  test("stays while nobody waits for it", async () => {
    const { memory, slow } = open();
    nowMs = 100_000;
    await Bun.sleep(20);
    expect(memory.usedBytes).toBe(600);
    slow.release();
    expect(memory.usedBytes).toBe(0);
  });
});

test("a request that ends while it waits holds nothing", async () => {
  const memory = new BodyMemory({ limitBytes: 100, waitMs: 60_000 });
  const [first, second] = [memory.share(), memory.share()];
  void first.grow(80);
  const waiting = second.grow(50);
  second.release();
  first.release();
  expect(await codeOf(waiting)).toBe("ok");
  expect(memory.usedBytes).toBe(0);
});

test("whatever is asked for and given back, the limit holds and all comes back", async () => {
  const step = fc.record({
    who: fc.nat(4),
    bytes: fc.nat(120),
    what: fc.constantFrom("grow", "shrink", "release"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const memory = new BodyMemory({ limitBytes: 100, waitMs: 1 });
      const shares = Array.from({ length: 5 }, () => memory.share());
      const answers: Promise<string>[] = [];
      for (const { who, bytes, what } of steps) {
        const share = shares[who];
        if (what === "release") share?.release();
        else if (what === "shrink") share?.shrink(bytes);
        else {
          try {
            answers.push(codeOf(share?.grow(bytes)));
          } catch (error) {
            expect(error).toMatchObject({ code: "too_large" });
          }
        }
        expect(memory.usedBytes).toBeLessThanOrEqual(100);
        expect(memory.usedBytes).toBeGreaterThanOrEqual(0);
      }
      for (const answer of await Promise.all(answers)) expect(["ok", "overloaded"]).toContain(answer);
      for (const share of shares) share.release();
      expect(memory.usedBytes).toBe(0);
    }),
    { numRuns: 50 },
  );
});
