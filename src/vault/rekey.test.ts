import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { equalBytes, Secret, utf8 } from "../kernel/index.ts";
import { keyFilePath } from "./slots/key-file.ts";
import {
  ADA,
  addSecret,
  codeOf,
  FakeKeychain,
  openTestHome,
  openValue,
  ORIGINS,
  providerKey,
  QUICK_COST,
  type TestHome,
} from "./vault.testing.ts";

const PASSPHRASE = new Secret("four words of some length");
const unlockInput = { kind: "passphrase", passphrase: PASSPHRASE } as const;

const collectionKeys = async ({ store }: TestHome) =>
  await store.all("SELECT collection, generation, state FROM vault_collection_keys ORDER BY collection");

const CURRENT_AFTER_ONE = ["admin_credentials", "blobs", "provider_keys", "system"].map((collection) => ({
  collection,
  generation: 2,
  state: "current",
}));

test("new keys: everything opens as before, under new generations only, and MACs and fingerprints stay", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const ids = Array.from({ length: 5 }, (_, i) => `key_${i}`);
  for (const id of ids) await addSecret(home, vault, id);
  await home.act(
    async (tx) => await vault.put(tx, "key_1", { value: providerKey("next"), origins: ORIGINS }),
  );
  await home.act(async (tx) => await vault.remove(tx, "key_4"));
  await home.act(async (tx) => await vault.putBlob(tx, "blob", "undo", utf8("before")));
  const before = [vault.fingerprint(PASSPHRASE), vault.publicKey(), vault.seal("t", "1", utf8("row"))];
  const sealed = await home.store.all("SELECT sealed FROM secret_versions WHERE sealed IS NOT NULL");

  await vault.rekey(ADA);
  const { vault: again } = await home.open();
  for (const reader of [vault, again]) {
    for (const id of ids.slice(0, 4))
      expect(await openValue(home, reader, id)).toBe(providerKey(id).reveal());
    expect(await openValue(home, reader, "key_1", 2)).toBe(providerKey("next").reveal());
    expect(await codeOf(async () => await openValue(home, reader, "key_4"))).toBe("not_found");
    const blob = await home.act(async (tx) => await reader.getBlob(tx, "blob"));
    expect(blob?.bytes).toEqual(utf8("before"));
    expect([reader.fingerprint(PASSPHRASE), reader.publicKey(), reader.seal("t", "1", utf8("row"))]).toEqual(
      before,
    );
  }
  expect(await collectionKeys(home)).toEqual(CURRENT_AFTER_ONE);
  expect(await again.needsReseal(home.store)).toBe(false);
  const after = await home.store.all("SELECT sealed FROM secret_versions WHERE sealed IS NOT NULL");
  for (const { sealed: old } of sealed)
    expect(after.some(({ sealed: now }) => sameBytes(old, now))).toBe(false);
});

test("a removed slot opens nothing that comes after, even with its file and the old rows at hand", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  const { vault, openedBy } = await home.open({ keychain });
  const old = openedBy?.id ?? "";
  const kept = keychain.items.get(`${vault.id}/${old}`) ?? "";
  const { slot } = await vault.addSlot(ADA, { kind: "key_file" });
  const oldRow = await home.store.get("SELECT wrapped FROM vault_slots WHERE id = ?", [old]);
  await vault.removeSlot(ADA, old);
  expect(keychain.items.has(`${vault.id}/${old}`)).toBe(false);
  expect((await vault.slots(home.store)).map(({ id }) => id)).toEqual([slot.id]);

  // The slot's row put back, wrapped key and all: it holds a key that opens nothing any more.
  keychain.items.set(`${vault.id}/${old}`, kept);
  await home.store.tx(async (tx) => {
    await tx.run(
      `INSERT INTO vault_slots (id, kind, generation, parameters, public_key, wrapped, created_at_ms, mac)
       SELECT ?, 'keychain', 1, parameters, public_key, ?, 0, mac FROM vault_slots`,
      [old, oldRow?.["wrapped"] ?? null],
    );
  });
  expect(await codeOf(async () => await home.open({ keychain }))).toBe("corrupt");
});

test("slots whose secret is not at hand get the new vault key all the same, and again", async () => {
  await using home = await openTestHome();
  const { vault, openedBy } = await home.open();
  await addSecret(home, vault, "key_1");
  await vault.addSlot(ADA, { kind: "passphrase", passphrase: PASSPHRASE, cost: QUICK_COST });
  const { recoveryCode: code } = await vault.addSlot(ADA, { kind: "recovery_code" });
  const { slot } = await vault.replaceSlot(ADA, openedBy?.id ?? "", { kind: "key_file" });
  await vault.rekey(ADA);
  expect(existsSync(keyFilePath(home.home, openedBy?.id ?? ""))).toBe(false);
  expect(existsSync(keyFilePath(home.home, slot.id))).toBe(true);
  for (const input of [
    { kind: "automatic" },
    unlockInput,
    { kind: "recovery_code", code: code ?? new Secret("") },
  ] as const) {
    const { vault: again } = await home.open({ input });
    expect(await openValue(home, again, "key_1")).toBe(providerKey("key_1").reveal());
  }
});

test("a process with the keys from before neither seals nor opens with them, but unlocks anew", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const { vault: other } = await home.open();
  await other.rekey(ADA);
  const put = async () =>
    await home.act(
      async (tx) => await vault.put(tx, "key_1", { value: providerKey("next"), origins: ORIGINS }),
    );
  expect(await codeOf(put)).toBe("vault_locked");
  expect(await codeOf(async () => await openValue(home, vault, "key_1"))).toBe("vault_locked");
  expect(await codeOf(async () => await vault.addSlot(ADA, { kind: "recovery_code" }))).toBe("vault_locked");
  expect(await codeOf(async () => await vault.rekey(ADA))).toBe("vault_locked");
  await vault.unlock(ADA, { kind: "automatic" });
  expect(await put()).toBe(2);
});

test("a key is not renewed for a slot that this vault did not make", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const { slot } = await vault.addSlot(ADA, { kind: "recovery_code" });
  await home.store.tx(async (tx) => {
    await tx.run("UPDATE vault_slots SET public_key = ? WHERE id = ?", [new Uint8Array(32).fill(9), slot.id]);
  });
  expect(await codeOf(async () => await vault.rekey(ADA))).toBe("corrupt");
  expect((await collectionKeys(home)).every(({ generation }) => generation === 1)).toBe(true);
});

test("writing goes on between the steps, and what was written meanwhile is under the new keys", async () => {
  await using home = await openTestHome();
  let steps = 0;
  let pending: Promise<unknown> = Promise.resolve();
  const { vault } = await home.open({
    step: (point) => {
      if (point !== "reseal") return;
      steps += 1;
      pending = addSecret(home, vault, `late_${steps}`);
    },
  });
  await addSecret(home, vault, "key_1");
  await vault.rekey(ADA);
  await pending;
  expect(steps).toBeGreaterThan(0);
  const { vault: again } = await home.open();
  expect(await openValue(home, again, "late_1")).toBe(providerKey("late_1").reveal());
  expect(await collectionKeys(home)).toEqual(CURRENT_AFTER_ONE);
});

function sameBytes(a: unknown, b: unknown): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b);
}

test("a recovery code is handed out even when sealing everything again is cut short", async () => {
  await using home = await openTestHome();
  let failing = true;
  const { vault, openedBy } = await home.open({
    step: (point) => {
      if (point === "reseal" && failing) throw new Error("cut short");
    },
  });
  await addSecret(home, vault, "key_1");
  const added = await vault.replaceSlot(ADA, openedBy?.id ?? "", { kind: "recovery_code" });
  expect(added.unfinished?.code).toBe("internal");
  expect(await vault.needsReseal(home.store)).toBe(true);
  vault.lock("explicit");
  await vault.unlock(ADA, { kind: "recovery_code", code: added.recoveryCode ?? new Secret("") });
  expect(await openValue(home, vault, "key_1")).toBe(providerKey("key_1").reveal());
  failing = false;
  await vault.reseal(ADA);
  expect(await vault.needsReseal(home.store)).toBe(false);
});

test("of two removals at once that would leave no slot, one is refused", async () => {
  await using home = await openTestHome();
  const { vault, openedBy } = await home.open();
  const { slot } = await vault.addSlot(ADA, { kind: "key_file" });
  const remove = (id: string) => codeOf(async () => await vault.removeSlot(ADA, id));
  const codes = await Promise.all([remove(openedBy?.id ?? ""), remove(slot.id)]);
  expect(codes).toContain(undefined);
  expect(await vault.slots(home.store)).toHaveLength(1);
  expect((await home.open()).vault.locked).toBe(false);
});
