import { expect, test } from "bun:test";
import { inspect } from "node:util";
import { Secret } from "../kernel/index.ts";
import {
  ACT,
  ADA,
  addSecret,
  codeOf,
  openTestHome,
  openValue,
  ORIGINS,
  providerKey,
} from "./vault.testing.ts";

test("a secret opens with its value, origins and connection", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const opened = await home.act(async (tx) => await vault.open(tx, "key_1"));
  expect(opened.value.reveal()).toBe(providerKey("key_1").reveal());
  expect(opened).toMatchObject({ origins: ORIGINS, connection: "c", version: 1 });
});

test("any value comes back as it was, whatever characters it holds", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const values = ["", " blanks ", "ключ", '\u0000\n"\\', "\ud83d\ude00", "x".repeat(100_000)];
  for (const [at, value] of values.entries()) {
    const id = `key_${at}`;
    await home.act(async (tx) => {
      await vault.create(tx, "admin_credentials", id, { value: new Secret(value), origins: [] });
    });
    expect(await openValue(home, vault, id, 1)).toBe(value);
  }
});

test("a new version is not in use before it is activated, and its number is never given again", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const put = async (mark: string) =>
    await home.act(
      async (tx) => await vault.put(tx, "key_1", { value: providerKey(mark), origins: ORIGINS }),
    );
  expect(await put("two")).toBe(2);
  expect(await openValue(home, vault, "key_1")).toBe(providerKey("key_1").reveal());
  await home.act(async (tx) => await vault.activate(tx, "key_1", 2));
  expect(await openValue(home, vault, "key_1")).toBe(providerKey("two").reveal());
  expect(await openValue(home, vault, "key_1", 1)).toBe(providerKey("key_1").reveal());
  expect(await put("three")).toBe(3);
  expect(await vault.info(home.store, "key_1")).toEqual({
    id: "key_1",
    collection: "provider_keys",
    state: "active",
    activeVersion: 2,
    lastVersion: 3,
  });
});

test("what is not there is not_found, what is there already is refused", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const secret = { value: providerKey("x"), origins: ORIGINS };
  const code = async (work: Parameters<typeof home.act>[0]) => await codeOf(async () => await home.act(work));
  expect(await code(async (tx) => await vault.open(tx, "key_2"))).toBe("not_found");
  expect(await code(async (tx) => await vault.open(tx, "key_1", 2))).toBe("not_found");
  expect(await code(async (tx) => await vault.activate(tx, "key_1", 2))).toBe("not_found");
  expect(await code(async (tx) => await vault.put(tx, "key_2", secret))).toBe("not_found");
  expect(await code(async (tx) => await vault.create(tx, "blobs", "key_1", secret))).toBe("already_exists");
  expect(await code(async (tx) => await vault.put(tx, "key_1", { ...secret, connection: "d" }))).toBe(
    "conflict",
  );
  expect(
    await code(async (tx) => await vault.put(tx, "key_1", { ...secret, origins: ["https://a.b/v1"] })),
  ).toBe("invalid_input");
  expect(await vault.info(home.store, "key_2")).toBeUndefined();
});

test("tombstones are set while the vault is locked and hold at once; revoked is final", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  for (const id of ["disabled", "revoked", "removed"]) await addSecret(home, vault, id);
  vault.lock("explicit");
  await home.act(async (tx) => await vault.setState(tx, "disabled", "disabled"));
  await home.act(async (tx) => await vault.setState(tx, "revoked", "disabled"));
  await home.act(async (tx) => await vault.setState(tx, "revoked", "revoked"));
  await home.act(async (tx) => await vault.remove(tx, "removed"));
  const open = (id: string) => async () => await openValue(home, vault, id);
  expect(await codeOf(open("disabled"))).toBe("denied");
  expect(await codeOf(open("revoked"))).toBe("denied");
  expect(await codeOf(open("removed"))).toBe("not_found");
  const enable = (id: string) => async () =>
    await home.act(async (tx) => await vault.setState(tx, id, "active"));
  expect(await codeOf(enable("disabled"))).toBe("vault_locked");

  await vault.unlock(ADA, { kind: "automatic" });
  await enable("disabled")();
  expect(await openValue(home, vault, "disabled")).toBe(providerKey("disabled").reveal());
  expect(await codeOf(enable("revoked"))).toBe("conflict");
  expect(await codeOf(enable("removed"))).toBe("not_found");
  await vault.unlock(ADA, { kind: "automatic" });
});

test("removing shreds every version's ciphertext and keeps the rows", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  await home.act(async (tx) => await vault.remove(tx, "key_1"));
  expect(await home.store.all("SELECT version, sealed FROM secret_versions")).toEqual([
    { version: 1, sealed: null },
  ]);
  expect(await vault.info(home.store, "key_1")).toMatchObject({ state: "removed", activeVersion: null });
});

test("a locked vault tells nothing and makes nothing", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  vault.lock("explicit");
  const secret = { value: providerKey("x"), origins: ORIGINS };
  const code = async (work: Parameters<typeof home.act>[0]) => await codeOf(async () => await home.act(work));
  expect(vault.locked).toBe(true);
  expect(await code(async (tx) => await vault.open(tx, "key_1"))).toBe("vault_locked");
  expect(await code(async (tx) => await vault.put(tx, "key_1", secret))).toBe("vault_locked");
  expect(await code(async (tx) => await vault.create(tx, "provider_keys", "key_2", secret))).toBe(
    "vault_locked",
  );
  expect(await code(async (tx) => await vault.activate(tx, "key_1", 1))).toBe("vault_locked");
  expect(await codeOf(async () => vault.fingerprint(secret.value))).toBe("vault_locked");
  expect(vault.publicKey()).toBeUndefined();
});

test("no entry, no access: a caller who may not is denied and recorded, and nothing was opened", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  let opened = false;
  const stranger = { kind: "virtual_key", id: "vk_1" } as const;
  const work = home.perform(stranger, ACT, async (tx) => {
    opened = true;
    return await vault.open(tx, "key_1");
  });
  expect(await codeOf(async () => await work)).toBe("denied");
  expect(opened).toBe(false);
});

test("an opened secret does not print", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const opened = await home.act(async (tx) => await vault.open(tx, "key_1"));
  for (const text of [
    inspect(opened),
    JSON.stringify(opened),
    String(opened.value),
    inspect(vault, { depth: 9 }),
  ]) {
    expect(text).not.toContain("aaaaaaaa");
  }
});
