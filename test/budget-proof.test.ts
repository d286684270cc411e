/** The promise of docs/budgets.md with real processes, in its short form; `npm run prove` runs the long one. */
import { expect, test } from "bun:test";
import { brokenPromises, type Proof, proveBudget } from "./support/budget-proof.ts";
import { machinesBehindRelays } from "./support/cuttable.ts";
import { startPostgres } from "./support/postgres.ts";

test("64 streaming clients, a nearly empty budget, kill -9 again and again: the bill stays within it", async () => {
  const proof = await proveBudget({ kills: 8, clients: 64, seed: 7 });
  expectKept(proof);
}, 60_000);

test("two gateways on one PostgreSQL, their way to it cut now and then: the bill stays within the budget", async () => {
  const postgres = await startPostgres();
  if ("unavailable" in postgres) return console.warn(`skipped: ${postgres.unavailable}`);
  const url = await postgres.newDatabase();
  const machines = await machinesBehindRelays(url, 2);
  try {
    const proof = await proveBudget({ kills: 5, clients: 32, seed: 11, machines });
    expectKept(proof);
  } finally {
    await machines.close();
    await postgres.close();
  }
}, 90_000);

function expectKept(proof: Proof): void {
  expect(brokenPromises(proof)).toEqual([]);
  expect(proof.answers["200"] ?? 0).toBeGreaterThan(0);
  expect(proof.answers["402"] ?? 0).toBeGreaterThan(0);
}
