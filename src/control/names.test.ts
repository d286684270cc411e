import { expect, test } from "bun:test";
import { openSqliteStore } from "../store/index.ts";
import { systemClock } from "../kernel/index.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNames } from "./names.ts";

test("of many virtual keys only those are read that are asked for, or that have a budget", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-names-"));
  const store = await openSqliteStore({
    path: join(folder, "control.db"),
    mode: "inline",
    clock: systemClock,
  });
  await store.tx(async (tx) => {
    for (let at = 0; at < 1200; at++) {
      await tx.run(
        `INSERT INTO virtual_keys (id, name, hint, token_hash, generation, created_at_ms, policy, mac, state)
         VALUES (?, ?, '', ?, 1, 0, '{}', ?, 'active')`,
        [`vk_${at}`, `name-${at}`, new TextEncoder().encode(`hash-${at}`), new Uint8Array(1)],
      );
    }
    await tx.run(
      `INSERT INTO budgets (id, subject, name, limit_nanos, unit, time_zone, reset_day, hard, allow, generation, lineage,
        created_at_ms, set_at_ms, mac) VALUES ('b', 'vk:vk_7', 'x', 1, 'day', 'UTC', 1, 1, '', 1, '', 0, 0, ?)`,
      [new Uint8Array(1)],
    );
  });
  const all = await loadNames(
    { store },
    Array.from({ length: 1200 }, (_, at) => `vk_${at}`),
  );
  expect([all.virtualKey("vk_0"), all.virtualKey("vk_1199")]).toEqual(["name-0", "name-1199"]);
  const budgeted = await loadNames({ store });
  expect([budgeted.virtualKey("vk_7"), budgeted.virtualKey("vk_8")]).toEqual(["name-7", "vk_8"]);
  const none = await loadNames({ store }, []);
  expect(none.virtualKey("vk_7")).toBe("vk_7");
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
