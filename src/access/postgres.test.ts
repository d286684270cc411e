// Virtual keys on PostgreSQL, where several processes really hold transactions at once.
import { afterAll, expect, test } from "bun:test";
import { startPostgres } from "../../test/support/postgres.ts";
import { silentLog, systemClock } from "../kernel/index.ts";
import { openPostgresStore } from "../store/index.ts";
import { ADA, openAccessTest } from "./access.testing.ts";
import { LastUsed } from "./last-used.ts";
import { tokenHash } from "./virtual-key-token.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`virtual keys on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());
  const open = async () =>
    await openAccessTest(
      await openPostgresStore({ url: await server.newDatabase(), clock: systemClock, log: silentLog }),
    );

  test("a virtual key lives its whole life as on SQLite", async () => {
    await using test = await open();
    const { virtualKeys, vault, clock } = test;
    const { virtualKey, token } = await virtualKeys.create(ADA, {
      name: "cursor",
      policy: { models: ["a*"] },
    });
    const hash = tokenHash(token.reveal());
    expect(await virtualKeys.findByHash(hash)).toEqual(virtualKey);
    await virtualKeys.set(ADA, "cursor", { name: "editor", expiresAtMs: clock.timeMs + 5_000_000_000 });
    const { virtualKey: reissued } = await virtualKeys.reissue(ADA, "editor", { graceMs: 1000 });
    expect(await virtualKeys.findByHash(hash)).toEqual(reissued);
    const lastUsed = new LastUsed(test.store);
    lastUsed.note(virtualKey.id, clock.timeMs);
    await lastUsed.flush();
    vault.locked = true;
    await virtualKeys.disable(ADA, "editor");
    vault.locked = false;
    expect(await virtualKeys.enable(ADA, "editor")).toEqual({ ...reissued, lastUsedAtMs: clock.timeMs });
    await virtualKeys.revoke(ADA, "editor");
    expect((await virtualKeys.list()).map(({ state }) => state)).toEqual(["revoked"]);
    expect(await test.entries()).toHaveLength(6);
  });

  test("of several who make the same key or rename to the same name at once, one succeeds", async () => {
    await using test = await open();
    const { virtualKeys, toolTokens } = test;
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, async () => await virtualKeys.create(ADA, { name: "cursor" })),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const names = ["one", "two", "three", "four"];
    for (const name of names) await virtualKeys.create(ADA, { name });
    const renamed = await Promise.allSettled(
      names.map(async (name) => await virtualKeys.set(ADA, name, { name: "same" })),
    );
    expect(renamed.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const codes = renamed.flatMap((result) =>
      result.status === "rejected" ? [(result.reason as { code?: unknown }).code] : [],
    );
    expect(codes).toEqual(["already_exists", "already_exists", "already_exists"]);

    const issued = await Promise.all(names.map(async () => await toolTokens.issue(ADA, "codex")));
    expect(new Set(issued.map(({ virtualKeyId }) => virtualKeyId)).size).toBe(1);
  });
}
