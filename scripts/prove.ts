/**
 * The long form of the budgets' proof: `npm run prove -- --kills 1000 --clients 64 --seed 7`, and with `--postgres` two
 * machines on one PostgreSQL that are cut off now and then: as root on Linux network namespaces, elsewhere (or with
 * `--relays`) relays before the database. Prints what was found as JSON, and fails when the promise does not hold.
 */
import { parseArgs } from "node:util";
import { brokenPromises, type Proof, proveBudget } from "../test/support/budget-proof.ts";
import { machinesBehindRelays } from "../test/support/cuttable.ts";
import type { Machines } from "../test/support/machines.ts";
import {
  DATABASE_HOST,
  inOwnNetwork,
  layBridges,
  machinesInNamespaces,
  whyNoNamespaces,
} from "../test/support/namespaces.ts";
import { startPostgres } from "../test/support/postgres.ts";

const MACHINES = 2;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    clients: { type: "string", default: "64" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    postgres: { type: "boolean", default: false },
    relays: { type: "boolean", default: false },
    // Given by this script to itself, in the network that it has made.
    "own-network": { type: "boolean", default: false },
  },
});

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // The embedded PostgreSQL has put one there that ends this process before its gateways are.
  process.removeAllListeners(signal);
  process.on(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));
}

const options = {
  signal: interrupted.signal,
  kills: Number(values.kills),
  clients: Number(values.clients),
  seed: Number(values.seed),
  tell: (line: string) => console.error(line),
};

if (!values.postgres) report(await proveBudget(options), "none");
else if (values["own-network"]) await proveInNamespaces();
else {
  const reason = values.relays ? "as asked" : whyNoNamespaces();
  if (reason === undefined) {
    const command = [process.execPath, ...process.argv.slice(1), "--own-network"];
    // Not `exitCode`: the embedded PostgreSQL ends processes that come to their end with 0.
    process.exit(await inOwnNetwork(command));
  } else await proveBehindRelays(reason);
}

async function proveInNamespaces(): Promise<void> {
  await layBridges();
  const machines = (url: string) => machinesInNamespaces(url, MACHINES);
  report(await proveOnPostgres(machines, [DATABASE_HOST]), "a namespace for each machine");
}

async function proveBehindRelays(reason: string): Promise<void> {
  options.tell(`relays before the database, not network namespaces: ${reason}`);
  const machines = (url: string) => machinesBehindRelays(url, MACHINES);
  report(await proveOnPostgres(machines), "relays before the database");
}

async function proveOnPostgres(
  makeMachines: (databaseUrl: string) => Promise<Machines>,
  hosts: readonly string[] = [],
): Promise<Proof> {
  const postgres = await startPostgres(hosts);
  if ("unavailable" in postgres) throw new Error(postgres.unavailable);
  try {
    const machines = await makeMachines(await postgres.newDatabase());
    try {
      return await proveBudget({ ...options, machines });
    } finally {
      await machines.close();
    }
  } finally {
    await postgres.close();
  }
}

/** @throws Error when the promise does not hold. */
function report(proof: Proof, network: string): void {
  const found = { seed: options.seed, network, ...proof };
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);
  console.log(JSON.stringify(found, plain, 2));
  const broken = brokenPromises(proof);
  if (broken.length > 0) throw new Error(`the promise does not hold: ${broken.join("; ")}`);
}
