import { expect, test } from "bun:test";
import { type AccessTest, ADA, GATEWAY, openAccessTest } from "./access.testing.ts";
import { LastUsed } from "./last-used.ts";
import { tokenHash } from "./virtual-key-token.ts";
import type { IssuedVirtualKey } from "./virtual-keys.ts";

const hashOf = ({ token }: IssuedVirtualKey) => tokenHash(token.reveal());

async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
}

const rowText = async (test: AccessTest) =>
  JSON.stringify(await test.store.all("SELECT * FROM virtual_keys"), (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
  );

test("a created key is found by its token, by id and by name, and its token is stored nowhere", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  const policy = { models: ["gpt-*"], team: "search" };
  const issued = await virtualKeys.create(ADA, { name: "cursor", expiresAtMs: 1, policy });
  const { virtualKey } = issued;
  expect(virtualKey).toMatchObject({
    name: "cursor",
    generation: 1,
    state: "active",
    createdAtMs: test.clock.timeMs,
    expiresAtMs: 1,
    lastUsedAtMs: null,
  });
  expect(virtualKey.policy).toMatchObject({
    models: ["gpt-*"],
    team: "search",
    connections: [],
    class: null,
  });
  expect(await virtualKeys.findByHash(hashOf(issued))).toEqual(virtualKey);
  expect(await virtualKeys.resolve("cursor")).toEqual(virtualKey);
  expect(await virtualKeys.resolve(virtualKey.id)).toEqual(virtualKey);
  expect(await virtualKeys.list()).toEqual([virtualKey]);
  expect(await virtualKeys.findByHash(new Uint8Array(32))).toBeUndefined();
  expect(String(issued.token)).toBe("[secret]");
  expect(await rowText(test)).not.toContain(issued.token.reveal().slice(12, -4));
  expect(await test.entries()).toEqual([`cli:ada virtual_key.create ${virtualKey.id} ok`]);
});

test("names are held to their rule and unique among keys that are not revoked", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  for (const name of ["", "a b", "a/b", "x".repeat(65), "vk_1", "ü", "a\n"]) {
    await refused(virtualKeys.create(ADA, { name }), "invalid_input");
  }
  await virtualKeys.create(ADA, { name: "A.z_0:@-" });
  const first = await virtualKeys.create(ADA, { name: "cursor" });
  await refused(virtualKeys.create(ADA, { name: "cursor" }), "already_exists");
  await refused(virtualKeys.set(ADA, "A.z_0:@-", { name: "cursor" }), "already_exists");
  await virtualKeys.revoke(ADA, "cursor");
  const second = await virtualKeys.create(ADA, { name: "cursor" });
  expect((await virtualKeys.resolve("cursor")).id).toBe(second.virtualKey.id);
  await virtualKeys.revoke(ADA, "cursor");
  await refused(virtualKeys.resolve("cursor"), "ambiguous_name");
  expect((await virtualKeys.resolve(first.virtualKey.id)).state).toBe("revoked");
});

test("a reference to nothing is not found, and a key typed by mistake is not repeated", async () => {
  await using test = await openAccessTest();
  await refused(test.virtualKeys.resolve("nobody"), "not_found");
  await refused(test.virtualKeys.load(test.store, "vk_none"), "not_found");
  const { token } = await test.virtualKeys.create(ADA, { name: "cursor" });
  const error: unknown = await test.virtualKeys.resolve(token.reveal()).catch((reason: unknown) => reason);
  expect(String(error)).not.toContain(token.reveal().slice(0, 14));
});

test("what is set changes, and nothing else", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  const issued = await virtualKeys.create(ADA, { name: "cursor", policy: { models: ["a"], user: "ada" } });
  const changed = await virtualKeys.set(ADA, "cursor", {
    name: "editor",
    expiresAtMs: 9,
    policy: { models: ["b"], connections: ["conn_1"], defaultConnection: "conn_1" },
  });
  expect(changed).toEqual({
    ...issued.virtualKey,
    name: "editor",
    expiresAtMs: 9,
    policy: {
      ...issued.virtualKey.policy,
      models: ["b"],
      connections: ["conn_1"],
      defaultConnection: "conn_1",
    },
  });
  expect(await virtualKeys.findByHash(hashOf(issued))).toEqual(changed);
  expect((await virtualKeys.set(ADA, "editor", { expiresAtMs: null })).expiresAtMs).toBeNull();
  await refused(virtualKeys.set(ADA, "editor", { policy: { defaultConnection: "conn_2" } }), "invalid_input");
  const [, entry] = await test.audit.list(test.store, { since: 0, limit: 9 });
  expect(entry?.details).toEqual({
    changed: ["name", "expiresAtMs", "models", "connections", "defaultConnection"],
  });
});

test("limits and metadata change one by one; null ends one", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  const rateLimits = { requestsPerMinute: 5, concurrency: 2 };
  await virtualKeys.create(ADA, { name: "ci", rateLimits, metadata: { ticket: "IT-7", floor: "3" } });
  const changed = await virtualKeys.set(ADA, "ci", {
    rateLimits: { requestsPerMinute: null, tokensPerDay: 9 },
    metadata: { floor: null, room: "12" },
  });
  expect(changed.policy.rateLimits).toEqual({ concurrency: 2, tokensPerDay: 9 });
  expect(changed.policy.metadata).toEqual({ ticket: "IT-7", room: "12" });
  const none = await virtualKeys.set(ADA, "ci", { rateLimits: { concurrency: null, tokensPerDay: null } });
  expect(none.policy.rateLimits).toBeNull();
  for (const wrong of [0, -1, 1.5, Number.NaN]) {
    await refused(virtualKeys.set(ADA, "ci", { rateLimits: { tokensPerDay: wrong } }), "invalid_input");
  }
});

test("a re-issued key has a new token; the old one ends at once, or after its grace period", async () => {
  await using test = await openAccessTest();
  const { virtualKeys, clock } = test;
  const first = await virtualKeys.create(ADA, { name: "cursor" });
  const second = await virtualKeys.reissue(ADA, "cursor");
  expect(second.virtualKey.generation).toBe(2);
  expect(second.virtualKey.id).toBe(first.virtualKey.id);
  expect(await virtualKeys.findByHash(hashOf(first))).toBeUndefined();

  const third = await virtualKeys.reissue(ADA, "cursor", { graceMs: 1000 });
  expect(await virtualKeys.findByHash(hashOf(second))).toEqual(third.virtualKey);
  clock.timeMs += 1000;
  expect(await virtualKeys.findByHash(hashOf(second))).toBeUndefined();
  expect(await virtualKeys.findByHash(hashOf(third))).toEqual(third.virtualKey);
});

test("a disabled key can be enabled again; a revoked one never", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  const { virtualKey } = await virtualKeys.create(ADA, { name: "cursor" });
  await virtualKeys.disable(ADA, "cursor");
  await virtualKeys.disable(ADA, "cursor");
  expect((await virtualKeys.resolve("cursor")).state).toBe("disabled");
  expect((await virtualKeys.reissue(ADA, "cursor")).virtualKey.state).toBe("disabled");
  expect((await virtualKeys.enable(ADA, "cursor")).state).toBe("active");
  await virtualKeys.disable(ADA, "cursor");
  await virtualKeys.revoke(ADA, "cursor");
  await virtualKeys.disable(ADA, "cursor");
  expect((await virtualKeys.resolve("cursor")).state).toBe("revoked");
  await refused(virtualKeys.enable(ADA, "cursor"), "conflict");
  await refused(virtualKeys.reissue(ADA, "cursor"), "conflict");
  await refused(virtualKeys.set(ADA, "cursor", { name: "other" }), "conflict");
  expect(await test.entries()).toEqual([
    `cli:ada virtual_key.create ${virtualKey.id} ok`,
    `cli:ada virtual_key.disable ${virtualKey.id} ok`,
    `cli:ada virtual_key.disable ${virtualKey.id} ok`,
    `cli:ada virtual_key.reissue ${virtualKey.id} ok`,
    `cli:ada virtual_key.enable ${virtualKey.id} ok`,
    `cli:ada virtual_key.disable ${virtualKey.id} ok`,
    `cli:ada virtual_key.revoke ${virtualKey.id} ok`,
    `cli:ada virtual_key.disable ${virtualKey.id} ok`,
  ]);
});

test("disabling and revoking work while the vault is locked; nothing else does", async () => {
  await using test = await openAccessTest();
  const { virtualKeys, vault } = test;
  const first = await virtualKeys.create(ADA, { name: "first" });
  await virtualKeys.create(ADA, { name: "second" });
  vault.locked = true;
  await virtualKeys.disable(ADA, "first");
  await virtualKeys.revoke(ADA, "second");
  await refused(virtualKeys.enable(ADA, "first"), "vault_locked");
  await refused(virtualKeys.create(ADA, { name: "third" }), "vault_locked");
  await refused(virtualKeys.reissue(ADA, "first"), "vault_locked");
  await refused(virtualKeys.list(), "vault_locked");
  await refused(virtualKeys.findByHash(hashOf(first)), "vault_locked");
  vault.locked = false;
  expect((await virtualKeys.list()).map(({ state }) => state)).toEqual(["disabled", "revoked"]);
  expect(await test.entries()).toHaveLength(4);
});

test.each([
  "UPDATE virtual_keys SET policy = '{}'",
  "UPDATE virtual_keys SET name = 'other'",
  "UPDATE virtual_keys SET generation = 7",
  "UPDATE virtual_keys SET expires_at_ms = NULL",
  "UPDATE virtual_keys SET created_at_ms = 1",
  "UPDATE virtual_keys SET hint = 'x'",
  "UPDATE virtual_keys SET token_hash = mac",
  "UPDATE virtual_keys SET previous_hash = mac",
  "UPDATE virtual_keys SET previous_until_ms = 99",
  "UPDATE virtual_keys SET mac = token_hash",
  "UPDATE virtual_keys SET state = 'disabled'",
  "UPDATE virtual_keys SET state = 'gone'",
  "UPDATE virtual_keys SET id = 'vk_x'",
])("%s is noticed", async (damage) => {
  await using test = await openAccessTest();
  const { virtualKey } = await test.virtualKeys.create(ADA, { name: "cursor", expiresAtMs: 5 });
  await test.store.run(damage);
  await refused(test.virtualKeys.list(), "corrupt");
  const directory = await test.virtualKeys.directory();
  expect(await directory.byId(virtualKey.id)).toBeUndefined();
  expect(directory.damaged).toHaveLength(1);
});

test("whoever can write to the database cannot bring a key back", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  await virtualKeys.create(ADA, { name: "cursor" });
  await virtualKeys.disable(ADA, "cursor");
  await test.store.run("UPDATE virtual_keys SET state = 'active'");
  await refused(virtualKeys.resolve("cursor"), "corrupt");
  await refused(virtualKeys.set(ADA, "cursor", { name: "x" }), "corrupt");
  await test.store.run("UPDATE virtual_keys SET state = 'disabled'");
  await virtualKeys.revoke(ADA, "cursor");
  for (const state of ["active", "disabled"]) {
    await test.store.run("UPDATE virtual_keys SET state = ?", [state]);
    await refused(virtualKeys.enable(ADA, "cursor"), "corrupt");
  }
});

test("the row of one key cannot stand in for another", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  await virtualKeys.create(ADA, { name: "limited", policy: { models: ["small"] } });
  await virtualKeys.create(ADA, { name: "open" });
  await test.store.run(
    `UPDATE virtual_keys SET policy = (SELECT policy FROM virtual_keys WHERE name = 'open'),
       mac = (SELECT mac FROM virtual_keys WHERE name = 'open') WHERE name = 'limited'`,
  );
  await refused(virtualKeys.resolve("limited"), "corrupt");
  expect((await virtualKeys.resolve("open")).name).toBe("open");
});

test("a caller without the right is refused, changes nothing and learns nothing", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  const { virtualKey } = await virtualKeys.create(ADA, { name: "cursor" });
  await refused(virtualKeys.create(GATEWAY, { name: "other" }), "denied");
  await refused(virtualKeys.revoke(GATEWAY, "cursor"), "denied");
  await refused(virtualKeys.revoke(GATEWAY, "nobody"), "denied");
  await refused(virtualKeys.reissue(GATEWAY, "cursor"), "denied");
  expect(await virtualKeys.list()).toEqual([virtualKey]);
  expect((await test.entries()).slice(2)).toEqual([
    "gateway:node_1 virtual_key.revoke - denied",
    "gateway:node_1 virtual_key.revoke - denied",
    "gateway:node_1 virtual_key.reissue - denied",
  ]);
});

test("of several who make the same key at once, one succeeds", async () => {
  await using test = await openAccessTest();
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => test.virtualKeys.create(ADA, { name: "cursor" })),
  );
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await test.virtualKeys.list()).toHaveLength(1);
});

test("the last use is written in one go, never goes back and is not audited", async () => {
  await using test = await openAccessTest();
  const { virtualKey } = await test.virtualKeys.create(ADA, { name: "cursor" });
  const lastUsed = new LastUsed(test.store);
  await lastUsed.flush();
  lastUsed.note(virtualKey.id, 5);
  lastUsed.note(virtualKey.id, 8);
  lastUsed.note("vk_gone", 8);
  await lastUsed.flush();
  expect((await test.virtualKeys.resolve("cursor")).lastUsedAtMs).toBe(8);
  lastUsed.note(virtualKey.id, 7);
  await lastUsed.flush();
  expect((await test.virtualKeys.resolve("cursor")).lastUsedAtMs).toBe(8);
  expect(await test.entries()).toHaveLength(1);
});

test("a last use that could not be written is written the next time", async () => {
  await using test = await openAccessTest();
  const { virtualKey } = await test.virtualKeys.create(ADA, { name: "cursor" });
  let broken = true;
  const tx: typeof test.store.tx = (work) =>
    broken ? Promise.reject(new Error("busy")) : test.store.tx(work);
  const lastUsed = new LastUsed({ ...test.store, tx });
  lastUsed.note(virtualKey.id, 5);
  const failing = lastUsed.flush();
  expect(failing).rejects.toThrow("busy");
  await failing.catch(() => {});
  broken = false;
  await lastUsed.flush();
  expect((await test.virtualKeys.resolve("cursor")).lastUsedAtMs).toBe(5);
});

test("keys are read page by page, oldest first, and by the name they have now", async () => {
  await using test = await openAccessTest();
  const { virtualKeys } = test;
  for (const name of ["a", "b", "c", "d", "e"]) await virtualKeys.create(ADA, { name });
  const seen: string[] = [];
  for (let after = ""; ;) {
    const page = await virtualKeys.page(after, 2);
    seen.push(page.map(({ name }) => name).join(""));
    const last = page.at(-1);
    if (!last) break;
    after = last.id;
  }
  expect(seen).toEqual(["ab", "cd", "e", ""]);
  await virtualKeys.revoke(ADA, "b");
  expect(await virtualKeys.named("b")).toBeUndefined();
  const { virtualKey } = await virtualKeys.create(ADA, { name: "b" });
  expect(await virtualKeys.named("b")).toEqual(virtualKey);
  expect(await virtualKeys.named("nobody")).toBeUndefined();
});
