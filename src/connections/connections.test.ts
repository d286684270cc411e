import { describe, expect, test } from "bun:test";
import {
  type ConnectionsTest,
  codeOf,
  GATEWAY,
  ADA,
  keyValue,
  newKey,
  openConnectionsTest,
} from "./connections.testing.ts";
import type { AppError } from "../kernel/index.ts";
import { dueAtMs } from "./due.ts";

const DAY_MS = 86_400_000;

async function addMain(home: ConnectionsTest) {
  return await home.connections.addKey(ADA, newKey("openai", "1"));
}

describe("adding a key", () => {
  test("makes a connection, stores the value and puts it to use, in one audited step", async () => {
    await using home = await openConnectionsTest();
    const { key, connection } = await home.connections.addKey(
      ADA,
      newKey("openai", "1", { class: "production", owner: "ada", purpose: "tests", expiresAtMs: 7 }),
    );
    expect(connection).toMatchObject({ name: "openai", provider: "openai", preset: null });
    expect(key).toMatchObject({
      name: "main",
      connectionId: connection.id,
      state: "active",
      version: 1,
      class: "production",
      owner: "ada",
      purpose: "tests",
      expiresAtMs: 7,
      verdict: "ok",
      verdictAtMs: home.clock.timeMs,
      lastUsedAtMs: null,
    });
    expect(key.fingerprint).toMatch(/^fp_[0-9a-f]{12}$/);
    expect(await home.entries()).toEqual([`key.add ${key.id} ok`]);
    expect((await home.connections.reveal(ADA, key.id)).reveal()).toBe(keyValue("1").reveal());
    const lent = await home.connections.lend(GATEWAY, key.id);
    expect(lent).toMatchObject({
      origins: ["https://api.openai.com"],
      connection: connection.id,
      version: 1,
    });
  });

  test("joins the connection of the same provider, base URL, organisation and project", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const first = await addMain(home);
    const second = await connections.addKey(
      ADA,
      newKey("openai", "2", { name: "spare", at: { model: "gpt-x" } }),
    );
    expect(second.connection.id).toBe(first.connection.id);
    expect(second.connection.settings.model).toBe("gpt-x");
    const other = newKey("openai", "3", { at: { organization: "org-b" } });
    expect(await codeOf(() => connections.addKey(ADA, other))).toBe("already_exists");
    const third = await connections.addKey(ADA, { ...other, connectionName: "org-b" });
    expect(third.connection).toMatchObject({ name: "org-b" });
    expect((await connections.list()).map(({ name }) => name)).toEqual(["openai", "org-b"]);
    expect((await connections.byId(first.connection.id)).settings.model).toBe("gpt-x");
  });

  test("joins whatever region the connection says it is in, but no other than the one asked for", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const first = await connections.addKey(ADA, newKey("anthropic", "1", { at: { region: "eu" } }));
    const second = await connections.addKey(ADA, newKey("anthropic", "2", { name: "spare" }));
    expect(second.connection).toMatchObject({ id: first.connection.id, settings: { region: "eu" } });
    const elsewhere = newKey("anthropic", "3", { at: { region: "us" } });
    expect(await codeOf(() => connections.addKey(ADA, elsewhere))).toBe("already_exists");
  });

  test("a name that is taken by another place says in what it is another", async () => {
    await using home = await openConnectionsTest();
    await addMain(home);
    const at = { baseUrl: "https://proxy.example", organization: "org-b" };
    for (const named of [{}, { connectionName: "openai" }]) {
      const refused = await home.connections
        .addKey(ADA, newKey("openai", "2", { at, ...named }))
        .catch((error: AppError) => error);
      expect(refused).toMatchObject({
        code: "already_exists",
        message: expect.stringContaining("another base URL, another organization"),
        hint: expect.stringContaining("--connection NAME"),
      });
    }
  });

  test("deployments of an Azure connection add up", async () => {
    await using home = await openConnectionsTest();
    const at = (deployment: string) => ({ baseUrl: "https://r.openai.azure.com", deployments: [deployment] });
    await home.connections.addKey(ADA, newKey("azure", "1", { at: at("a=x") }));
    const { connection } = await home.connections.addKey(
      ADA,
      newKey("azure", "2", { name: "two", at: at("b=y") }),
    );
    expect(connection.settings.deployments).toEqual({ a: "x", b: "y" });
  });

  test("a preset's connection has the preset's name", async () => {
    await using home = await openConnectionsTest();
    const { connection } = await home.connections.addKey(ADA, newKey("groq", "1"));
    expect(connection).toMatchObject({ name: "groq", provider: "openai-compatible", preset: "groq" });
  });

  test("a taken name, a known value and a name for somewhere else are refused, and leave nothing behind", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { connection } = await addMain(home);
    expect(await codeOf(() => connections.addKey(ADA, newKey("openai", "2")))).toBe("already_exists");
    expect(await codeOf(() => connections.addKey(ADA, newKey("openai", "1", { name: "b" })))).toBe(
      "already_exists",
    );
    const elsewhere = newKey("anthropic", "2", { connectionName: "openai" });
    expect(await codeOf(() => connections.addKey(ADA, elsewhere))).toBe("already_exists");
    expect(await codeOf(() => connections.addKey(ADA, newKey("groq", "3", { name: "a/b" })))).toBe(
      "invalid_input",
    );
    expect(await connections.keysOf(connection.id)).toHaveLength(1);
    expect(await connections.list()).toHaveLength(1);
    expect(await home.entries()).toHaveLength(1);
  });

  test("an admin credential lies apart and never serves", async () => {
    await using home = await openConnectionsTest();
    const { key, connection } = await home.connections.addKey(ADA, newKey("openai", "1", { kind: "admin" }));
    expect(key).toMatchObject({ name: "admin", kind: "admin" });
    expect((await home.vault.info(home.store, key.id))?.collection).toBe("admin_credentials");
    expect(await home.connections.servingKeyOf(connection.id)).toBeUndefined();
  });

  test("a gateway may not add, and the denial is recorded", async () => {
    await using home = await openConnectionsTest();
    expect(await codeOf(() => home.connections.addKey(GATEWAY, newKey("openai", "1")))).toBe("denied");
    expect(await home.entries()).toEqual([expect.stringMatching(/^key\.add key_\w+ denied$/)]);
    expect(await home.connections.list()).toEqual([]);
  });
});

describe("naming a key", () => {
  test("by id, connection/name or a name that is its alone", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    const other = await connections.addKey(ADA, newKey("groq", "2"));
    const only = await connections.addKey(ADA, newKey("groq", "3", { name: "spare" }));
    expect((await connections.resolveKey(key.id)).id).toBe(key.id);
    expect((await connections.resolveKey("groq/main")).id).toBe(other.key.id);
    expect((await connections.resolveKey("spare")).id).toBe(only.key.id);
    expect(connections.resolveKey("main")).rejects.toMatchObject({
      code: "ambiguous_name",
      details: { candidates: ["openai/main", "groq/main"] },
    });
    expect(await codeOf(() => connections.resolveKey("nobody"))).toBe("not_found");
    expect(await codeOf(() => connections.resolve("nobody"))).toBe("not_found");
    expect((await connections.resolve("groq")).id).toBe(other.connection.id);
  });

  test("a key typed as a reference is not repeated", async () => {
    await using home = await openConnectionsTest();
    const typed = keyValue("z").reveal();
    const failure = await home.connections.resolveKey(typed).catch((error: unknown) => error);
    expect(String(failure)).not.toContain("a".repeat(12));
  });
});

describe("the serving key", () => {
  test("is the oldest active one; the next takes over when it is disabled", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const first = await addMain(home);
    home.clock.timeMs += 5;
    const second = await connections.addKey(ADA, newKey("openai", "2", { name: "spare" }));
    const serving = async () => (await connections.servingKeyOf(first.connection.id))?.id;
    expect(await serving()).toBe(first.key.id);
    await connections.setKeyState(ADA, first.key.id, "disabled");
    expect(await serving()).toBe(second.key.id);
    await connections.setKeyState(ADA, first.key.id, "active");
    expect(await serving()).toBe(first.key.id);
    await connections.removeKey(ADA, first.key.id);
    await connections.setKeyState(ADA, second.key.id, "revoked");
    expect(await serving()).toBeUndefined();
  });
});

describe("changing a key", () => {
  test("replacing makes a new version, uses it, and starts its age anew", async () => {
    await using home = await openConnectionsTest();
    const { key } = await addMain(home);
    expect(dueAtMs(key)).toBe(home.clock.timeMs + 90 * DAY_MS);
    expect(dueAtMs({ ...key, class: "production" })).toBe(home.clock.timeMs + 30 * DAY_MS);
    home.clock.timeMs += DAY_MS;
    const after = await home.connections.replaceKey(ADA, key.id, {
      value: keyValue("2"),
      verdict: "untested",
    });
    expect(after).toMatchObject({
      version: 2,
      rotatedAtMs: home.clock.timeMs,
      verdict: "untested",
      verdictAtMs: null,
      name: "main",
    });
    expect(after.fingerprint).not.toBe(key.fingerprint);
    expect(dueAtMs(after)).toBe(home.clock.timeMs + 90 * DAY_MS);
    expect((await home.connections.lend(GATEWAY, key.id)).value.reveal()).toBe(keyValue("2").reveal());
    expect(await home.connections.resolveKey("main")).toEqual(after);
  });

  test("a stored version waits until it is activated, and a former one can be brought back", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    const version = await connections.putVersion(ADA, key.id, keyValue("2"));
    expect(await connections.resolveKey(key.id)).toMatchObject({ version: 1, fingerprint: key.fingerprint });
    await connections.activate(ADA, key.id, version);
    expect((await connections.resolveKey(key.id)).version).toBe(2);
    expect(await connections.activate(ADA, key.id, 1)).toMatchObject({
      version: 1,
      fingerprint: key.fingerprint,
    });
  });

  test("renaming keeps names unique within the connection", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    await connections.addKey(ADA, newKey("openai", "2", { name: "spare" }));
    expect(await codeOf(() => connections.renameKey(ADA, key.id, "spare"))).toBe("already_exists");
    expect((await connections.renameKey(ADA, key.id, "first")).name).toBe("first");
    expect((await connections.resolveKey("openai/first")).id).toBe(key.id);
  });

  test("a disabled key is not lent; a revoked one never comes back", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    expect((await connections.setKeyState(ADA, key.id, "disabled")).state).toBe("disabled");
    expect(await codeOf(() => connections.lend(GATEWAY, key.id))).toBe("denied");
    await connections.setKeyState(ADA, key.id, "revoked");
    expect(await codeOf(() => connections.setKeyState(ADA, key.id, "active"))).toBe("conflict");
    expect(dueAtMs(await connections.resolveKey(key.id))).toBeNull();
  });

  test("removing destroys the value, keeps the record and frees the name", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key, connection } = await addMain(home);
    await connections.removeKey(ADA, key.id);
    expect(await codeOf(() => connections.reveal(ADA, key.id))).toBe("not_found");
    expect(await codeOf(() => connections.resolveKey("main"))).toBe("not_found");
    expect(await connections.keysOf(connection.id)).toMatchObject([{ id: key.id, state: "removed" }]);
    expect((await addMain(home)).connection.id).toBe(connection.id);
  });

  test("each change is recorded with the key as its subject", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    await connections.renameKey(ADA, key.id, "b");
    await connections.setKeyState(ADA, key.id, "disabled");
    await connections.setKeyState(ADA, key.id, "active");
    await connections.replaceKey(ADA, key.id, { value: keyValue("2"), verdict: "ok" });
    await connections.recordVerdict(GATEWAY, key.id, "rate_limited");
    await connections.borrow(ADA, key.id, "key.test");
    await connections.reveal(ADA, key.id);
    await connections.removeKey(ADA, key.id);
    expect(await home.entries()).toEqual(
      ["add", "rename", "disable", "enable", "replace", "verdict", "test", "reveal", "remove"].map(
        (verb) => `key.${verb} ${key.id} ok`,
      ),
    );
  });

  test("verdicts and last use are noted, and a time of use never goes back", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    await connections.recordVerdict(ADA, key.id, "quota_exhausted");
    await connections.touchLastUsed(new Map([[key.id, 50]]));
    await connections.touchLastUsed(new Map([[key.id, 40]]));
    expect(await connections.resolveKey(key.id)).toMatchObject({
      verdict: "quota_exhausted",
      lastUsedAtMs: 50,
    });
    expect(await home.entries()).toHaveLength(2);
  });
});

describe("a key is bound to its destination", () => {
  const elsewhere = { baseUrl: "https://gw.example" };

  test("a new origin is refused while keys are bound to the old one", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { connection, key } = await addMain(home);
    expect(await codeOf(() => connections.set(ADA, connection.id, { settings: elsewhere }))).toBe(
      "destination_refused",
    );
    expect(await connections.byId(connection.id)).toEqual(connection);
    const values = new Map([[key.id, keyValue("1")]]);
    expect((await connections.set(ADA, connection.id, { settings: elsewhere, values })).settings).toEqual(
      elsewhere,
    );
    expect(await connections.lend(GATEWAY, key.id)).toMatchObject({
      origins: ["https://gw.example"],
      version: 2,
    });
  });

  test("an old connection row put back does not get the key", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { connection, key } = await addMain(home);
    const old = await home.store.get("SELECT settings, mac FROM connections");
    const values = new Map([[key.id, keyValue("1")]]);
    await connections.set(ADA, connection.id, { settings: elsewhere, values });
    await connections.borrow(ADA, key.id, "key.test");
    const put = "UPDATE connections SET settings = ?, mac = ?";
    await home.store.tx((tx) => tx.run(put, [old?.["settings"] ?? null, old?.["mac"] ?? null]));
    expect(await codeOf(() => connections.borrow(ADA, key.id, "key.test"))).toBe("destination_refused");
  });

  test("everything else may change freely", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { connection } = await addMain(home);
    const settings = { ...connection.settings, model: "gpt-y", project: "proj_a" };
    const after = await connections.set(ADA, connection.id, { name: "work", settings });
    expect(after).toEqual({ ...connection, name: "work", settings });
    expect((await connections.resolveKey("work/main")).version).toBe(1);
  });

  test("a taken name is refused", async () => {
    await using home = await openConnectionsTest();
    const { connection } = await addMain(home);
    await home.connections.addKey(ADA, newKey("groq", "2"));
    expect(await codeOf(() => home.connections.set(ADA, connection.id, { name: "groq" }))).toBe(
      "already_exists",
    );
  });
});

test("a connection goes only when its keys are gone", async () => {
  await using home = await openConnectionsTest();
  const { connections } = home;
  const { connection, key } = await addMain(home);
  expect(await codeOf(() => connections.remove(ADA, connection.id))).toBe("conflict");
  await connections.removeKey(ADA, key.id);
  await connections.remove(ADA, connection.id);
  expect(await connections.list()).toEqual([]);
  expect((await addMain(home)).connection.id).not.toBe(connection.id);
});

describe("while the vault is locked", () => {
  test("keys can be listed, disabled and removed, and nothing else", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    const spare = await connections.addKey(ADA, newKey("openai", "2", { name: "spare" }));
    home.vault.lock("explicit");
    expect((await connections.setKeyState(ADA, key.id, "disabled")).state).toBe("disabled");
    await connections.removeKey(ADA, spare.key.id);
    expect((await connections.keys()).map(({ state }) => state)).toEqual(["disabled", "removed"]);
    expect(await codeOf(() => connections.setKeyState(ADA, key.id, "active"))).toBe("vault_locked");
    expect(await codeOf(() => connections.addKey(ADA, newKey("groq", "3")))).toBe("vault_locked");
    expect(await codeOf(() => connections.renameKey(ADA, key.id, "x"))).toBe("vault_locked");
  });
});

describe("a row that was edited in the database is refused", () => {
  test.each([
    "UPDATE connections SET settings = replace(settings, 'api.openai.com', 'evil.example')",
    "UPDATE connections SET name = 'other'",
    "UPDATE provider_keys SET connection_id = (SELECT id FROM connections WHERE name = 'groq')",
    "UPDATE provider_keys SET fingerprint = 'fp_000000000000'",
    "UPDATE provider_keys SET expires_at_ms = 1",
  ])("%s", async (sql) => {
    await using home = await openConnectionsTest();
    const { connection } = await addMain(home);
    if (sql.includes("groq")) await home.connections.addKey(ADA, newKey("groq", "2", { name: "g" }));
    await home.store.tx((tx) => tx.run(sql));
    const read = async () => {
      await home.connections.byId(connection.id);
      await home.connections.keys();
    };
    expect(await codeOf(read)).toBe("corrupt");
  });
});

describe("keys that others could have read", () => {
  test("are marked, what is known already stays, and a new value begins anew", async () => {
    await using home = await openConnectionsTest();
    const { connections } = home;
    const { key } = await addMain(home);
    expect(key.exposed).toEqual([]);
    await connections.markExposed(ADA, key.id, ["synced"]);
    expect((await connections.markExposed(ADA, key.id, ["git", "synced"])).exposed).toEqual([
      "git",
      "synced",
    ]);
    expect((await connections.resolveKey(key.id)).exposed).toEqual(["git", "synced"]);
    const same = await connections.replaceKey(ADA, key.id, { value: keyValue("1"), verdict: "ok" });
    expect(same.exposed).toEqual(["git", "synced"]);
    const other = await connections.replaceKey(ADA, key.id, { value: keyValue("2"), verdict: "ok" });
    expect(other.exposed).toEqual([]);
    expect((await connections.resolveKey(key.id)).exposed).toEqual([]);
    expect((await home.entries()).filter((entry) => entry.startsWith("key.exposed"))).toHaveLength(2);
  });
});
