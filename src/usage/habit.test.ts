import { expect, test } from "bun:test";
import type { LedgerReader, Totals } from "../ledger/index.ts";
import { HabitWatch, unusualSpend } from "./habit.ts";

const USD = 1_000_000_000n;

test.each<[string, bigint, readonly bigint[], bigint | undefined]>([
  ["six dollars where one is usual", 6n * USD, [USD, USD, USD], USD],
  ["five times the usual and no more", 5n * USD, [USD, USD, USD], undefined],
  ["a few cents, however usual less is", USD, [1n, 1n, 1n, 1n], undefined],
  ["two days are no habit", 100n * USD, [USD, USD, 0n, 0n], undefined],
  ["days without use do not count", 6n * USD, [USD, 0n, USD, 0n, 0n, 0n, USD], USD],
  ["one dear day does not move the usual", 6n * USD, [USD, USD, 50n * USD], USD],
  [
    "of an even number of days the middle of the middle two",
    16n * USD,
    [USD, 2n * USD, 4n * USD, 9n * USD],
    3n * USD,
  ],
])("%s", (_, today, daily, usual) => {
  expect(unusualSpend(today, daily)?.usualNanos).toBe(usual);
});

test("each virtual key is held to its own habit; past days are read once", async () => {
  const day = 86_400_000;
  const now = 100 * day + 5;
  const asked: number[] = [];
  const spent = (sinceMs: number): Record<string, bigint> =>
    sinceMs === 100 * day ? { vk_loud: 9n * USD, vk_calm: 9n * USD } : { vk_loud: USD, vk_calm: 8n * USD };
  const ledgers: Pick<LedgerReader, "totals"> = {
    async *totals({ sinceMs }) {
      await Promise.resolve();
      asked.push(sinceMs);
      for (const [key, costNanos] of Object.entries(spent(sinceMs))) {
        // In two pieces, as long ledgers give them.
        yield { key, costNanos: costNanos - 1n } as Totals;
        yield { key, costNanos: 1n } as Totals;
      }
    },
  };
  const watch = new HabitWatch(ledgers);
  const expected = [{ virtualKeyId: "vk_loud", todayNanos: 9n * USD, usualNanos: USD, days: 14 }];
  expect(await watch.look(now)).toEqual(expected);
  expect(asked).toHaveLength(15);
  expect(await watch.look(now + 1)).toEqual(expected);
  expect(asked).toHaveLength(16);
  await watch.look(now + day);
  expect(asked.slice(16)).toEqual([100 * day, 101 * day]);
});
