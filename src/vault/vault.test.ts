import { expect, test } from "bun:test";
import { Secret, toHex, utf8 } from "../kernel/index.ts";
import { ed25519Verify } from "./primitives.ts";
import type { LockReason } from "./vault.ts";
import {
  ADA,
  addSecret,
  codeOf,
  errorOf,
  openTestHome,
  openValue,
  ORIGINS,
  providerKey,
} from "./vault.testing.ts";
import { assertDestination } from "./secret-payload.ts";

test("equal values have equal fingerprints within a vault, and no others", async () => {
  await using home = await openTestHome();
  await using elsewhere = await openTestHome();
  const { vault } = await home.open();
  const { vault: again } = await home.open();
  const { vault: other } = await elsewhere.open();
  const print = vault.fingerprint(providerKey("x"));
  expect(print).toMatch(/^fp_[0-9a-f]{12}$/);
  expect(again.fingerprint(providerKey("x"))).toBe(print);
  expect(vault.fingerprint(providerKey("y"))).not.toBe(print);
  expect(other.fingerprint(providerKey("x"))).not.toBe(print);
});

test("keyed hashes of two purposes have nothing in common", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const data = utf8("data");
  const hash = vault.keyedHash("request-body", data);
  expect(hash).toHaveLength(32);
  expect(toHex(vault.keyedHash("request-body", data))).toBe(toHex(hash));
  expect(toHex(vault.keyedHash("request", utf8("-bodydata")))).not.toBe(toHex(hash));
  expect(toHex(vault.keyedHash("other", data))).not.toBe(toHex(hash));
});

test("the vault signs with a key that it keeps from start to start", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const { vault: again } = await home.open();
  const message = utf8("checkpoint");
  const publicKey = vault.publicKey() ?? new Uint8Array();
  expect(publicKey).toHaveLength(32);
  expect(again.publicKey()).toEqual(publicKey);
  expect(ed25519Verify(publicKey, message, again.sign(message) ?? new Uint8Array())).toBe(true);
  expect(ed25519Verify(publicKey, utf8("checkpoinT"), again.sign(message) ?? new Uint8Array())).toBe(false);
});

test("an auto-lock ends management; rows are still checked and bodies hashed. A lock on request ends both", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const reasons: LockReason[] = [];
  const stop = vault.onLock((reason) => reasons.push(reason));
  const mac = vault.seal("connections", "conn_1", utf8("row"));
  const hash = vault.keyedHash("request-body", utf8("body"));
  const checks = async () => {
    vault.check("connections", "conn_1", utf8("row"), mac);
    expect(vault.keyedHash("request-body", utf8("body"))).toEqual(hash);
  };

  vault.lock("auto");
  expect(vault.locked).toBe(true);
  expect(await codeOf(async () => await openValue(home, vault, "key_1"))).toBe("vault_locked");
  expect(await codeOf(async () => vault.seal("connections", "conn_1", utf8("row")))).toBe("vault_locked");
  await checks();
  expect(vault.sign(utf8("checkpoint"))).toBeDefined();

  vault.lock("explicit");
  expect(await codeOf(checks)).toBe("vault_locked");
  expect(vault.sign(utf8("checkpoint"))).toBeUndefined();
  stop();
  await vault.unlock(ADA, { kind: "automatic" });
  await checks();
  vault.lock("auto");
  expect(reasons).toEqual(["auto", "explicit"]);
});

test("a lock in the middle of a change stops it: nothing is ever sealed under an overwritten key", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const work = home.act(async (tx) => {
    const put = vault.put(tx, "key_1", { value: providerKey("next"), origins: ORIGINS });
    vault.lock("explicit");
    return await put;
  });
  expect(await codeOf(async () => await work)).toBe("vault_locked");
  await vault.unlock(ADA, { kind: "automatic" });
  expect(await vault.info(home.store, "key_1")).toMatchObject({ lastVersion: 1 });
});

test("each unlocking is recorded, and nobody but those who may can unlock", async () => {
  await using home = await openTestHome();
  const { vault, openedBy } = await home.open();
  vault.lock("explicit");
  const stranger = { kind: "virtual_key", id: "vk_1" } as const;
  expect(await codeOf(async () => await vault.unlock(stranger, { kind: "automatic" }))).toBe("denied");
  expect(vault.locked).toBe(true);
  const entries = await home.audit.list(home.store, { since: 0, limit: 10 });
  expect(entries.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    "vault.create ok",
    "vault.unlock ok",
    "vault.unlock denied",
  ]);
  expect(entries[1]?.details).toEqual({ slot: openedBy?.id ?? "", kind: "key_file" });
});

test("a key goes to its own origins only", async () => {
  const allowed = ["https://api.example.com", "http://127.0.0.1:8080"];
  assertDestination(allowed, new URL("https://api.example.com/v1/models?x=1"));
  assertDestination(allowed, new URL("http://127.0.0.1:8080/"));
  const refused = [
    "https://api.example.com.evil.test/",
    "http://api.example.com/",
    "https://api.example.com:8443/",
    "https://evil.test/https://api.example.com",
    "https://api.example.com@evil.test/",
    "http://127.0.0.1:8081/",
  ];
  for (const url of refused) {
    expect(await codeOf(async () => assertDestination(allowed, new URL(url)))).toBe("destination_refused");
    expect(await codeOf(async () => assertDestination([], new URL(url)))).toBe("destination_refused");
  }
});

test("10 000 keys: made in one transaction, verified at the next start, each opens", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const idOf = (number: number) => `key_${number}`;
  await home.act(async (tx) => {
    for (let number = 0; number < 10_000; number++) {
      await vault.create(tx, "provider_keys", idOf(number), {
        value: new Secret(`v${number}`),
        origins: ORIGINS,
      });
    }
  });
  const { vault: again } = await home.open();
  await home.act(async (tx) => {
    for (let number = 0; number < 10_000; number += 97) {
      expect((await again.open(tx, idOf(number), 1)).value.reveal()).toBe(`v${number}`);
    }
  });
});

test("a full disk is a clean error, and nothing half-done stays", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "key_1");
  const { page_count: pages } = (await home.store.get("PRAGMA page_count")) ?? {};
  await home.store.tx(async (tx) => void (await tx.all(`PRAGMA max_page_count = ${Number(pages)}`)));
  const put = async () =>
    await home.act(async (tx) => await vault.putBlob(tx, "blob", "undo", new Uint8Array(200_000)));
  const refusal = await errorOf(put);
  expect(refusal?.code).toBe("storage_full");
  expect(await openValue(home, vault, "key_1").catch(() => "")).toBeDefined();
  await home.store.tx(async (tx) => void (await tx.all("PRAGMA max_page_count = 1073741823")));
  expect(await vault.listBlobs(home.store)).toEqual([]);
  await put();
  await home.open();
});
