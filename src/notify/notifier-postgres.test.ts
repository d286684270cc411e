import { afterAll, test } from "bun:test";
import { startPostgres } from "../../test/support/postgres.ts";
import { silentLog, systemClock } from "../kernel/index.ts";
import { openPostgresStore } from "../store/index.ts";
import { notifierContract } from "./notifier-contract.testing.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`alerts on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());
  notifierContract("PostgreSQL", async () =>
    openPostgresStore({ url: await server.newDatabase(), clock: systemClock, log: silentLog }),
  );
}
