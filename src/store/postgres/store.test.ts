import { afterAll, test } from "bun:test";
import { startPostgres } from "../../../test/support/postgres.ts";
import { silentLog, systemClock } from "../../kernel/index.ts";
import { storeContract } from "../store-contract.testing.ts";
import { openPostgresStore } from "./store.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`PostgreSQL store: ${server.unavailable}`, () => {});
} else {
  storeContract("PostgreSQL", async () => ({
    newDatabase: () => server.newDatabase(),
    open: (url, migrations) => openPostgresStore({ url, clock: systemClock, log: silentLog, migrations }),
    close: async () => {},
  }));
  afterAll(() => server.close());
}
