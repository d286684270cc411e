import { expect, test } from "bun:test";
import { coalesced, every, serial } from "./schedule.ts";

/** Resolves when `count` calls were made. */
function counter(count: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  return { reached: promise, note: () => void (++calls === count && resolve()), calls: () => calls };
}

test.each([
  [
    "throws at once",
    () => {
      throw new Error("sync");
    },
  ],
  ["rejects", () => Promise.reject(new Error("async"))],
])("a task that %s is run again, and each failure is told", async (_name, fail) => {
  const runs = counter(3);
  const failures: unknown[] = [];
  const timer = every(
    1,
    () => {
      runs.note();
      return fail();
    },
    (error) => failures.push(error),
  );
  await runs.reached;
  await timer.close();
  expect(failures.length).toBeGreaterThanOrEqual(3);
});

test("a task never runs twice at once, and close waits for the run under way", async () => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  let finished = false;
  const timer = every(
    1,
    async () => {
      most = Math.max(most, ++running);
      entered.resolve();
      await release.promise;
      running--;
      finished = true;
    },
    () => {},
  );
  await entered.promise;
  const ticks = counter(5);
  const other = every(1, ticks.note, () => {});
  await ticks.reached;
  await other.close();
  const closed = timer.close();
  release.resolve();
  await closed;
  expect({ most, finished, running }).toEqual({ most: 1, finished: true, running: 0 });
});

test("nothing runs after close", async () => {
  const runs = counter(1);
  const timer = every(1, runs.note, () => {});
  await runs.reached;
  await timer.close();
  const seen = runs.calls();
  const later = counter(5);
  const other = every(1, later.note, () => {});
  await later.reached;
  await other.close();
  expect(runs.calls()).toBe(seen);
});

test("serial work runs in the order of the calls, and a failure stops nothing", async () => {
  const order: string[] = [];
  const run = serial();
  const first = run(async () => {
    await Promise.resolve();
    order.push("first");
    throw new Error("first failed");
  });
  const second = run(() => {
    order.push("second");
    return Promise.resolve(2);
  });
  expect(first).rejects.toThrow("first failed");
  expect(await second).toBe(2);
  expect(order).toEqual(["first", "second"]);
});

test("coalesced work runs once for all that was asked meanwhile, and once more for what came during it", async () => {
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const work = coalesced(async () => {
    runs++;
    if (runs === 1) await gate.promise;
  });
  await work.done();
  expect(runs).toBe(0);
  for (let i = 0; i < 5; i++) work.ask();
  expect(runs).toBe(1);
  gate.resolve();
  await work.done();
  expect(runs).toBe(2);
  work.ask();
  await work.done();
  expect(runs).toBe(3);
});
