// The directory follows the control store: what is committed counts for the next request.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { ToolTokens, ToolTokenVerifier, VirtualKeys } from "../access/index.ts";
import { createAuditLog } from "../audit/index.ts";
import {
  ADA,
  codeOf,
  type ConnectionsTest,
  GATEWAY,
  keyValue,
  newKey,
  openConnectionsTest,
} from "../connections/connections.testing.ts";
import { idMaker, silentLog, systemRandomness } from "../kernel/index.ts";
import { createDirectory, STALE_AFTER_MS, type StoreDirectory } from "./directory.ts";

let home: ConnectionsTest;
let virtualKeys: VirtualKeys;
let directory: StoreDirectory;

beforeEach(async () => {
  home = await openConnectionsTest();
  const { store, vault, clock, perform, connections } = home;
  const newId = idMaker(clock, systemRandomness);
  virtualKeys = new VirtualKeys({
    store,
    sealer: vault,
    clock,
    perform,
    randomness: systemRandomness,
    newId,
  });
  directory = createDirectory({
    store,
    audit: createAuditLog({ clock }),
    virtualKeys,
    toolTokens: new ToolTokenVerifier({ signer: vault }),
    connections,
    vault,
    caller: GATEWAY,
    clock,
    log: silentLog,
  });
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

/** This process writes on the same connection, so it says so, as `app.ts` does. */
async function upToDate(): Promise<StoreDirectory> {
  directory.noteCommit();
  await directory.refresh();
  return directory;
}

test("a virtual key is known from its creation to its revocation, and nothing is read in between", async () => {
  const { token, virtualKey } = await virtualKeys.create(ADA, { name: "work", policy: { tool: "aider" } });
  await upToDate();
  expect(directory.refresh()).toBeUndefined();
  expect(await directory.authenticate(token.reveal())).toMatchObject({
    virtualKey: { id: virtualKey.id },
    tool: "aider",
  });
  await virtualKeys.revoke(ADA, "work");
  await upToDate();
  expect(await directory.authenticate(token.reveal())).toEqual({
    refused: "revoked",
    virtualKeyId: virtualKey.id,
  });
  expect(await directory.authenticate("nonsense")).toEqual({ refused: "malformed" });
});

test("a tool token is its virtual key's, until tokens are revoked", async () => {
  const { perform, vault, clock } = home;
  const newId = idMaker(clock, systemRandomness);
  const tokens = new ToolTokens({ virtualKeys, perform, signer: vault, clock, newId });
  const { token, virtualKeyId } = await tokens.issue(ADA, "codex");
  await upToDate();
  expect(await directory.authenticate(token.reveal())).toMatchObject({
    virtualKey: { id: virtualKeyId },
    tool: "codex",
  });
  await tokens.revoke(ADA, "codex");
  await upToDate();
  expect(await directory.authenticate(token.reveal())).toMatchObject({ refused: "stale_token" });
});

test("a key is lent to its own origin only, and each version is recorded once", async () => {
  const { key, connection } = await home.connections.addKey(ADA, newKey("openai", "one"));
  await upToDate();
  const url = new URL(`${connection.settings.baseUrl}/v1/models`);
  const serving = directory.keyOf(connection.id);
  expect(serving?.id).toBe(key.id);
  if (serving === undefined) throw new Error("no key");
  const both = await Promise.all([directory.lend(serving, url), directory.lend(serving, url)]);
  for (const secret of both) expect(secret.reveal()).toBe(keyValue("one").reveal());
  const elsewhere = new URL("https://evil.example.com/v1/models");
  expect(await codeOf(async () => await directory.lend(serving, elsewhere))).toBe("destination_refused");

  await home.connections.replaceKey(ADA, key.id, { value: keyValue("two"), verdict: "ok" });
  await upToDate();
  const replaced = directory.keyOf(connection.id);
  if (replaced === undefined) throw new Error("no key");
  expect((await directory.lend(replaced, url)).reveal()).toBe(keyValue("two").reveal());
  const lendings = (await home.entries()).filter((entry) => entry.startsWith("key.lend"));
  expect(lendings).toEqual([`key.lend ${key.id} ok`, `key.lend ${key.id} ok`]);
});

test("a disabled key serves nobody any more", async () => {
  const { key, connection } = await home.connections.addKey(ADA, newKey("openai", "one"));
  await upToDate();
  await home.connections.setKeyState(ADA, key.id, "disabled");
  await upToDate();
  expect(directory.keyOf(connection.id)).toBeUndefined();
  expect(directory.connections().map(({ id }) => id)).toEqual([connection.id]);
});

test("a lock on request ends lending at once; one by itself leaves what is lent", async () => {
  const { connection } = await home.connections.addKey(ADA, newKey("openai", "one"));
  await upToDate();
  const serving = directory.keyOf(connection.id);
  if (serving === undefined) throw new Error("no key");
  const url = new URL(connection.settings.baseUrl);
  await directory.lend(serving, url);
  home.vault.lock("auto");
  expect(directory.unready()).toBeUndefined();
  expect((await directory.lend(serving, url)).reveal()).toBe(keyValue("one").reveal());
  home.vault.lock("explicit"); // and, as `app.ts` does on it:
  directory.forgetLent();
  expect(directory.unready()).toBe("vault_locked");
  expect(await codeOf(async () => await directory.lend(serving, url))).toBe("vault_locked");
});

test("before the vault was ever open nobody can be known, which is not the same as unknown", async () => {
  const { token } = await virtualKeys.create(ADA, { name: "work" });
  home.vault.lock("explicit");
  expect(await codeOf(async () => await directory.refresh())).toBe("vault_locked");
  await home.vault.unlock(ADA, { kind: "automatic" });
  await upToDate();
  expect(await directory.authenticate(token.reveal())).toHaveProperty("virtualKey");
});

test("requests that come while it catches up wait for what was committed before them", async () => {
  const { token } = await virtualKeys.create(ADA, { name: "first" });
  directory.noteCommit();
  const under = directory.refresh();
  const { token: later } = await virtualKeys.create(ADA, { name: "second" });
  directory.noteCommit();
  await Promise.all([under, directory.refresh()]);
  for (const credential of [token, later]) {
    expect(await directory.authenticate(credential.reveal())).toHaveProperty("virtualKey");
  }
});

test("a connection whose row was changed outside Ownkey is left out, and the others go on", async () => {
  const { connection } = await home.connections.addKey(ADA, newKey("openai", "one"));
  const other = await home.connections.addKey(ADA, newKey("anthropic", "two"));
  await home.store.run("UPDATE connections SET settings = ? WHERE id = ?", [
    JSON.stringify({ baseUrl: "https://evil.example" }),
    connection.id,
  ]);
  await upToDate();
  expect(directory.connections().map(({ id }) => id)).toEqual([other.connection.id]);
});

test("a node that has lost the store serves nobody", async () => {
  await upToDate();
  const { store } = home;
  const lost = createDirectory({
    store: { ...store, confirmedAtMs: () => home.clock.monotonicMs() - STALE_AFTER_MS - 1 },
    audit: createAuditLog({ clock: home.clock }),
    virtualKeys,
    toolTokens: new ToolTokenVerifier({ signer: home.vault }),
    connections: home.connections,
    vault: home.vault,
    caller: GATEWAY,
    clock: home.clock,
    log: silentLog,
  });
  expect(lost.unready()).toBe("control_stale");
  expect(await codeOf(async () => await lost.refresh())).toBe("control_stale");
});
