import { afterAll, test } from "bun:test";
import { startPostgres } from "../../../test/support/postgres.ts";
import { openAccessTest } from "../../access/access.testing.ts";
import { silentLog, systemClock } from "../../kernel/index.ts";
import { openPostgresStore } from "../../store/index.ts";
import { sharesContract } from "./shares/shares-contract.testing.ts";
import { subjectLimitsContract } from "./subject-limits-contract.testing.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`rate limits on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());
  const openStore = async (url: string) =>
    await openPostgresStore({ url, clock: systemClock, log: silentLog });
  sharesContract("PostgreSQL", async () => {
    const url = await server.newDatabase();
    return async () => await openStore(url);
  });
  subjectLimitsContract(
    "PostgreSQL",
    async () => await openAccessTest(await openStore(await server.newDatabase())),
  );
}
