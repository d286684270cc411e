import { afterAll, expect, test } from "bun:test";
import { startPostgres } from "../../test/support/postgres.ts";
import { ADA, codeOf, GATEWAY, keyValue, newKey, openConnectionsTest } from "./connections.testing.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`connections on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());

  test("a key's whole life is the same on PostgreSQL", async () => {
    await using home = await openConnectionsTest(await server.newDatabase());
    const { connections } = home;
    const { key, connection } = await connections.addKey(ADA, newKey("openai", "1"));
    expect(await codeOf(() => connections.addKey(ADA, newKey("openai", "2")))).toBe("already_exists");
    await connections.addKey(ADA, newKey("openai", "2", { name: "spare" }));
    expect(await codeOf(() => connections.renameKey(ADA, key.id, "spare"))).toBe("already_exists");
    await connections.replaceKey(ADA, key.id, { value: keyValue("3"), verdict: "ok" });
    await connections.set(ADA, connection.id, { name: "work" });
    expect((await connections.lend(GATEWAY, key.id)).value.reveal()).toBe(keyValue("3").reveal());
    await connections.touchLastUsed(new Map([[key.id, 5]]));
    await connections.setKeyState(ADA, key.id, "disabled");
    expect(await connections.resolveKey("work/main")).toMatchObject({
      version: 2,
      state: "disabled",
      lastUsedAtMs: 5,
    });
    await connections.removeKey(ADA, key.id);
    await connections.removeKey(ADA, (await connections.resolveKey("spare")).id);
    await connections.remove(ADA, connection.id);
    expect(await connections.list()).toEqual([]);
  });

  test("of two first keys added at once one makes the connection, and the other joins it or is refused", async () => {
    await using home = await openConnectionsTest(await server.newDatabase());
    const { connections } = home;
    const outcomes = await Promise.allSettled([
      connections.addKey(ADA, newKey("openai", "1", { name: "a" })),
      connections.addKey(ADA, newKey("openai", "2", { name: "b" })),
    ]);
    expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "already_exists" });
    }
    expect(await connections.list()).toHaveLength(1);
  });
}
