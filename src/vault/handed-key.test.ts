// A gateway process beside the program gets the vault key from it and opens no slot.
import { expect, test } from "bun:test";
import { addSecret, codeOf, openTestHome, openValue, providerKey } from "./vault.testing.ts";
import type { HandedKey } from "./managed-vault.ts";

const GATEWAY = { kind: "gateway", node: "worker" } as const;

test("a handed key opens the vault, and the opening is recorded as the gateway's", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const keys: HandedKey[] = [];
  vault.handOver((key) => keys.push(key));
  const { vault: worker, openedBy } = await home.open({ handed: keys[0] ?? null, caller: GATEWAY });
  expect(openedBy).toBeUndefined();
  expect(await openValue(home, worker, "key_1")).toBe(providerKey("key_1").reveal());
  expect(JSON.stringify(keys)).not.toContain(keys[0]?.key.reveal() ?? "none");
  const entries = await home.audit.list(home.store, { since: 0, limit: 100 });
  expect(entries.at(-2)).toMatchObject({
    caller: "gateway:worker",
    action: "vault.unlock",
    details: { kind: "handed" },
  });
});

test("without a key it stays locked, whatever slot would open", async () => {
  await using home = await openTestHome();
  await home.open();
  const { vault: worker } = await home.open({ handed: null, caller: GATEWAY });
  expect(worker.locked).toBe(true);
});

test("each new key is handed over, and the one before opens nothing any more", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const keys: HandedKey[] = [];
  const stop = vault.handOver((key) => keys.push(key));
  const { vault: worker } = await home.open({ handed: keys[0] ?? null, caller: GATEWAY });
  await vault.rekey({ kind: "cli", user: "ada" });
  expect(keys).toHaveLength(2);
  const [former, current] = keys;
  if (!former || !current) throw new Error("no keys");
  expect(await worker.takeOver(GATEWAY, former)).toBe(false);
  await addSecret(home, vault, "key_2");
  expect(await codeOf(async () => await openValue(home, worker, "key_2"))).toBe("vault_locked");
  expect(await worker.takeOver(GATEWAY, current)).toBe(true);
  expect(await openValue(home, worker, "key_2")).toBe(providerKey("key_2").reveal());
  vault.lock("explicit");
  stop();
  await vault.unlock({ kind: "cli", user: "ada" }, { kind: "automatic" });
  expect(keys).toHaveLength(2);
});

test("a home without a vault gets none from a gateway", async () => {
  await using home = await openTestHome();
  expect(await codeOf(async () => await home.open({ handed: null, caller: GATEWAY }))).toBeDefined();
  expect(await home.store.all("SELECT * FROM vault")).toEqual([]);
});
