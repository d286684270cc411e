import { expect, test } from "bun:test";
import { systemClock } from "../../kernel/index.ts";
import { Fleet, withTx } from "../fleet.testing.ts";
import { CountsKeeper } from "./kept-counts.ts";
import { Rates } from "./rates.ts";
import { request } from "./rates.testing.ts";

test("what is counted while counts are written is for the next time: writing comes to an end under load", async () => {
  await using fleet = await Fleet.open();
  let writes = 0;
  const store = withTx(fleet.store, async (work) => {
    writes += 1;
    // A request comes in whenever something is written.
    if (writes < 50) await ask();
    return await fleet.store.tx(work);
  });
  const keeper = new CountsKeeper({ store, node: "node_1", clock: systemClock });
  const rates = new Rates({ clock: systemClock, keeper });
  const limits = { requestsPerMinute: 1000 };
  const ask = () => rates.admit(request(limits, { model: null, estimatedTokens: 1 }));
  await ask();
  await keeper.flush();
  expect(writes).toBe(1);
  await keeper.flush();
  expect(writes).toBe(2);
  const [row] = await fleet.store.all("SELECT counts FROM rate_counts");
  expect(String(row?.["counts"])).toContain("2");
});
