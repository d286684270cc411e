/** The promise of docs/budgets.md with real processes, in its short form; `npm run prove` runs the long one. */
import { expect, test } from "bun:test";
import { type Proof, proveBudget } from "./support/budget-proof.ts";
import { cuttable } from "./support/cuttable.ts";
import { startPostgres } from "./support/postgres.ts";

test("64 streaming clients, a nearly empty budget, kill -9 again and again: the bill stays within it", async () => {
  const proof = await proveBudget({ kills: 8, clients: 64, seed: 7 });
  expectKept(proof);
}, 60_000);

test("two gateways on one PostgreSQL, their way to it cut now and then: the bill stays within the budget", async () => {
  const postgres = await startPostgres();
  if ("unavailable" in postgres) return console.warn(`skipped: ${postgres.unavailable}`);
  const url = await postgres.newDatabase();
  const ways = await Promise.all([cuttable(url), cuttable(url)]);
  try {
    const urls = ways.map((way) => way.url);
    const proof = await proveBudget({
      kills: 5,
      clients: 32,
      seed: 11,
      shared: { urls, cut: (node, isCut) => ways[node]?.cut(isCut) },
    });
    expectKept(proof);
  } finally {
    for (const way of ways) await way.close();
    await postgres.close();
  }
}, 90_000);

function expectKept(proof: Proof): void {
  expect(proof.answers["500"]).toBeUndefined();
  expect(proof.answers["200"] ?? 0).toBeGreaterThan(0);
  expect(proof.answers["402"] ?? 0).toBeGreaterThan(0);
  expect(proof.billedNanos).toBeLessThanOrEqual(proof.spentNanos);
  expect(proof.spentNanos).toBeLessThanOrEqual(proof.limitNanos);
  expect(proof.heldNanos).toBe(0n);
  expect(proof.ledgerNanos).toBe(proof.spentNanos);
}
