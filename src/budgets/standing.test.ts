// What budgets have spent, while gateways give back what they hold.
import { expect, test } from "bun:test";
import type { Queries } from "../store/index.ts";
import { Fleet } from "./fleet.testing.ts";
import { periodSpending } from "./standing.ts";

test("what is given back between two looks at the store is never missing", async () => {
  await using fleet = await Fleet.open();
  await fleet.set({ limitNanos: 1_000n });
  await fleet.tellAll();
  const node = await fleet.start();
  await node.settle(await node.request(100n), 70n);
  const { store } = fleet;
  const queries: Queries = {
    get: (sql, parameters) => store.get(sql, parameters),
    run: (sql, parameters) => store.run(sql, parameters),
    async all(sql, parameters) {
      const rows = await store.all(sql, parameters);
      await node.close();
      return rows;
    },
  };
  const before = await periodSpending(store, { nowMs: 0, lineage: undefined });
  const spent = (spending: typeof before) => [...spending.values()].map(({ spentNanos }) => spentNanos);
  expect(spent(before).every((nanos) => nanos >= 70n)).toBe(true);
  const meanwhile = await periodSpending(queries, { nowMs: 0, lineage: undefined });
  expect(spent(meanwhile).every((nanos) => nanos >= 70n)).toBe(true);
  expect(spent(meanwhile)).toHaveLength(1);
  expect(spent(await periodSpending(store, { nowMs: 0, lineage: undefined }))).toEqual([70n]);
});
