// The real store, audit log and ledger, at work while they are backed up: what comes back verifies.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createPerform } from "../access/index.ts";
import { createAuditLog, verify } from "../audit/index.ts";
import { silentLog, systemClock } from "../kernel/index.ts";
import { claimInstance, openLedger, openLedgerReader, type ReservedAttempt } from "../ledger/index.ts";
import { openSqliteStore } from "../store/index.ts";
import { backUp, restore, temporaryFolder } from "./backup.testing.ts";
import { reservedAttempt } from "../ledger/samples.testing.ts";

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true }));

async function openParts(home: string) {
  const store = await openSqliteStore({ path: join(home, "control.db"), mode: "inline", clock: systemClock });
  const audit = createAuditLog({ clock: systemClock });
  const perform = createPerform({ store, audit });
  return { store, audit, perform };
}

const attempt = (number: number): ReservedAttempt =>
  reservedAttempt({ requestId: `req_${String(number).padStart(6, "0")}`, startedAtMs: number });

test("a backup made while others write restores to a whole audit log that names the backup, and a whole ledger", async () => {
  const home = join(root, "home");
  const instance = claimInstance(join(home, "ledger"));
  const { store, perform } = await openParts(home);
  const ledger = openLedger({ path: instance.path, clock: systemClock, log: silentLog });
  const caller = { kind: "cli", user: "ada" } as const;
  const read = { action: "key.list", permission: "keys.read" } as const;

  const writer = { stopped: false, written: 0 };
  const writing = (async () => {
    while (!writer.stopped) {
      await perform(caller, read, async () => {});
      await ledger.reserve(attempt(writer.written++));
    }
  })();
  while (writer.written < 20) await Bun.sleep(0);
  const atLeast = writer.written;
  const file = join(root, "live.age");
  await backUp({ home, target: file, perform });
  writer.stopped = true;
  await writing;
  await ledger.close();
  await store.close();
  instance.close();

  const copy = join(root, "copy");
  await restore({ file, home: copy });
  const restored = await openParts(copy);
  const verified = await verify(restored.store, { vaultId: "vault_test" });
  expect(verified).toMatchObject({ ok: true, problems: [] });
  const entries = await restored.audit.list(restored.store, { since: 0, limit: 100_000 });
  expect(entries).toHaveLength(verified.entries);
  expect(entries.map(({ action }) => action)).toContain("backup.create");
  await restored.perform(caller, read, async () => {});
  await restored.store.close();

  const reader = openLedgerReader(join(copy, "ledger"));
  const rows = reader.list({ limit: 100_000 });
  reader.close();
  expect(rows.length).toBeGreaterThanOrEqual(atLeast - 1);
  expect(rows.length).toBeLessThanOrEqual(writer.written);
});
