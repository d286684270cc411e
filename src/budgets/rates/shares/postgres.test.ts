import { afterAll, test } from "bun:test";
import { startPostgres } from "../../../../test/support/postgres.ts";
import { silentLog, systemClock } from "../../../kernel/index.ts";
import { openPostgresStore } from "../../../store/index.ts";
import { sharesContract } from "./shares-contract.testing.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`shared rate limits on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());
  sharesContract("PostgreSQL", async () => {
    const url = await server.newDatabase();
    return async () => await openPostgresStore({ url, clock: systemClock, log: silentLog });
  });
}
