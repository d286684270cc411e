import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../kernel/index.ts";
import { type Migration, MIGRATIONS, openSqliteStore } from "../store/index.ts";
import { usage } from "../store/migrations/006-usage.ts";
import { type PriceOverrideInput, priceOverride } from "./overrides.ts";
import { PriceOverrides } from "./price-overrides.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-overrides-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The store's own first step, and this room's. */
const migrations: Migration[] = [...MIGRATIONS.slice(0, 1), { ...usage, version: 2 }];
let databases = 0;
const newStore = () =>
  openSqliteStore({
    path: join(folder, `control-${++databases}.db`),
    mode: "inline",
    clock: systemClock,
    migrations,
  });

const price = (changes: Partial<PriceOverrideInput> = {}) =>
  priceOverride({ scope: "*", model: "m", inputUsd: "1", outputUsd: "2", ...changes }, 1_700_000_000_000);

test("a price comes back as it was set, also beyond what a float holds", async () => {
  const store = await newStore();
  const overrides = new PriceOverrides(store);
  const set = price({ inputUsd: "9999999.123456789", cacheReadUsd: "0", cacheWrite1hUsd: "3.5" });
  await store.tx((tx) => overrides.set(tx, set));
  expect(await overrides.list()).toEqual([set]);
  await store.close();
});

test("setting again replaces, another scope is a price of its own", async () => {
  const store = await newStore();
  const overrides = new PriceOverrides(store);
  await store.tx(async (tx) => {
    await overrides.set(tx, price({ cacheReadUsd: "0.5" }));
    await overrides.set(tx, price({ inputUsd: "7" }));
    await overrides.set(tx, price({ scope: "conn_1" }));
    expect(await overrides.list(tx)).toHaveLength(2);
  });
  expect(await overrides.list()).toEqual([price({ inputUsd: "7" }), price({ scope: "conn_1" })]);
  await store.close();
});

test("removing takes one price away, and tells when there is none", async () => {
  const store = await newStore();
  const overrides = new PriceOverrides(store);
  await store.tx((tx) => overrides.set(tx, price()));
  await store.tx((tx) => overrides.remove(tx, { scope: "*", model: "M" }));
  expect(await overrides.list()).toEqual([]);
  const again = store.tx((tx) => overrides.remove(tx, { scope: "*", model: "m" }));
  expect(await again.catch((error: unknown) => error)).toMatchObject({ code: "not_found" });
  await store.close();
});
