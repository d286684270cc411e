import { afterAll, test } from "bun:test";
import { startPostgres } from "../../test/support/postgres.ts";
import { openAccessTest } from "../access/access.testing.ts";
import { silentLog, systemClock } from "../kernel/index.ts";
import { openPostgresStore } from "../store/index.ts";
import { budgetsContract } from "./budgets-contract.testing.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`budgets on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());
  budgetsContract("PostgreSQL", async () => {
    const url = await server.newDatabase();
    return await openAccessTest(await openPostgresStore({ url, clock: systemClock, log: silentLog }));
  });
}
