/** Advice from a real ledger at the prices in force, by the names that people gave. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import * as keys from "../src/control/operations/keys.ts";
import * as usage from "../src/control/operations/usage.ts";
import * as virtualKeys from "../src/control/operations/virtual-keys.ts";
import { silentLog, systemClock } from "../src/kernel/index.ts";
import { openLedger } from "../src/ledger/index.ts";
import { reservedAttempt, settledAttempt } from "../src/ledger/samples.testing.ts";
import { newKey } from "./support/keys.ts";
import { openHome } from "./support/open-home.ts";

test("ten short requests to gpt-4.1 would have cost a fifth with gpt-4.1-mini", async () => {
  await using home = await openHome();
  const { client, app } = home;
  await client.call(keys.add, { provider: "openai", value: newKey.openai(), baseUrl: "https://one.example" });
  const { id: virtualKeyId } = await client.call(virtualKeys.create, { name: "laptop" });
  const { id: connectionId } = await app.control.connections.resolve("openai");
  const dir = join(app.control.home, "ledger");
  mkdirSync(dir, { mode: 0o700 });
  const ledger = openLedger({ path: join(dir, "node-1.db"), clock: systemClock, log: silentLog });
  const startedAtMs = Date.now() - 3_600_000;
  for (let index = 0; index < 10; index++) {
    const requestId = `req_${index}`;
    const ref = await ledger.reserve(
      reservedAttempt({
        requestId,
        startedAtMs,
        virtualKeyId,
        connectionId,
        bodyHash: null,
        modelRequested: "gpt-4.1",
      }),
    );
    const tokens = { inputUncached: 1000, cacheRead: 0, output: 100, outputReasoning: 0 };
    const { usage: known } = settledAttempt();
    await ledger.settle(
      ref,
      settledAttempt({
        usage: known && { ...known, ...tokens },
        modelAnswered: "gpt-4.1-2025-04-14",
        serviceTier: null,
      }),
    );
  }
  await ledger.close();
  const advice = await client.call(usage.advise, {});
  expect(advice).toMatchObject({ requests: 10, complete: true });
  // 2 and 8 dollars a million against 0.4 and 1.6: (0.002 + 0.0008) × 10 × 4/5.
  expect(advice.items).toMatchObject([
    {
      kind: "smaller_model",
      virtualKey: "laptop",
      tool: "codex",
      connection: "openai",
      model: "gpt-4.1-2025-04-14",
      requests: 10,
      savedUsd: "0.0224",
    },
  ]);
  expect((await client.call(usage.advise, { until: new Date(startedAtMs).toISOString() })).requests).toBe(0);
});
