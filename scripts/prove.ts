/**
 * The long form of the budgets' proof: `npm run prove -- --kills 1000 --clients 64 --seed 7`, and with `--postgres` two
 * machines on one PostgreSQL, whose connections to it are cut now and then. Prints what was found as JSON, and fails when
 * the promise does not hold.
 */
import { parseArgs } from "node:util";
import { proveBudget } from "../test/support/budget-proof.ts";
import { cuttable } from "../test/support/cuttable.ts";
import { startPostgres } from "../test/support/postgres.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    clients: { type: "string", default: "64" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    postgres: { type: "boolean", default: false },
  },
});

const options = {
  kills: Number(values.kills),
  clients: Number(values.clients),
  seed: Number(values.seed),
  tell: (line: string) => console.error(line),
};

async function onPostgres() {
  const postgres = await startPostgres();
  if ("unavailable" in postgres) throw new Error(postgres.unavailable);
  const url = await postgres.newDatabase();
  const ways = await Promise.all([cuttable(url), cuttable(url)]);
  try {
    const urls = ways.map((way) => way.url);
    return await proveBudget({ ...options, shared: { urls, cut: (node, isCut) => ways[node]?.cut(isCut) } });
  } finally {
    for (const way of ways) await way.close();
    await postgres.close();
  }
}

const proof = values.postgres ? await onPostgres() : await proveBudget(options);
console.log(
  JSON.stringify(
    { seed: options.seed, ...proof },
    (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value),
    2,
  ),
);
const isKept =
  proof.answers["500"] === undefined &&
  proof.billedNanos <= proof.spentNanos &&
  proof.spentNanos <= proof.limitNanos &&
  proof.heldNanos === 0n &&
  proof.ledgerNanos === proof.spentNanos;
if (!isKept) throw new Error("the promise does not hold");
