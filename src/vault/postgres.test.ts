// The vault on PostgreSQL, where several processes really hold transactions at once.
import { afterAll, expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { startPostgres } from "../../test/support/postgres.ts";
import { silentLog, systemClock, utf8 } from "../kernel/index.ts";
import { openPostgresStore } from "../store/index.ts";
import {
  ADA,
  addSecret,
  codeOf,
  openValue,
  ORIGINS,
  providerKey,
  temporaryHome,
  testHomeOn,
} from "./vault.testing.ts";

const started = await startPostgres();

if ("unavailable" in started) {
  test.skip(`vault on PostgreSQL: ${started.unavailable}`, () => {});
} else {
  const server = started;
  afterAll(() => server.close());
  const connect = async (url: string, home: string) =>
    testHomeOn(await openPostgresStore({ url, clock: systemClock, log: silentLog }), home, true);

  /** Several processes of one home, as far as the database can tell. */
  async function processes(count: number) {
    const url = await server.newDatabase();
    const home = temporaryHome();
    const homes = await Promise.all(Array.from({ length: count }, async () => await connect(url, home)));
    return {
      home,
      homes,
      async [Symbol.asyncDispose]() {
        for (const { store } of homes) await store.close();
        rmSync(home, { recursive: true, force: true });
      },
    };
  }

  test("a secret, a blob and the keys live their whole life as on SQLite", async () => {
    await using fixture = await processes(1);
    const [home] = fixture.homes;
    if (!home) throw new Error("no process");
    const { vault } = await home.open();
    for (const id of ["a", "b", "c"]) await addSecret(home, vault, id);
    await home.act(async (tx) => {
      await vault.put(tx, "a", { value: providerKey("next"), origins: ORIGINS });
      await vault.setState(tx, "b", "revoked");
      await vault.remove(tx, "c");
      await vault.putBlob(tx, "blob", "undo", utf8("before"));
    });
    await vault.rekey(ADA);
    const { vault: again } = await home.open();
    expect(await openValue(home, again, "a")).toBe(providerKey("a").reveal());
    expect(await openValue(home, again, "a", 2)).toBe(providerKey("next").reveal());
    expect(await codeOf(async () => await openValue(home, again, "b"))).toBe("denied");
    expect(await codeOf(async () => await openValue(home, again, "c"))).toBe("not_found");
    expect((await home.act(async (tx) => await again.getBlob(tx, "blob")))?.bytes).toEqual(utf8("before"));
    expect(await again.needsReseal(home.store)).toBe(false);
    await home.store.tx(
      async (tx) => void (await tx.run("UPDATE secrets SET state = 'active' WHERE id = 'b'")),
    );
    expect(await codeOf(async () => await home.open())).toBe("rolled_back");
  });

  test("first starts at once make one vault, which all of them open", async () => {
    await using fixture = await processes(4);
    const opened = await Promise.all(fixture.homes.map(async (home) => await home.open()));
    expect(new Set(opened.map(({ vault }) => vault.id)).size).toBe(1);
    expect(opened.map(({ vault }) => vault.locked)).toEqual([false, false, false, false]);
    expect(readdirSync(fixture.home).filter((name) => name.endsWith(".key"))).toHaveLength(1);
  });

  test("writers and a re-keying at once: each write is whole, and under the new keys in the end", async () => {
    await using fixture = await processes(3);
    const [first, second, third] = fixture.homes;
    if (!first || !second || !third) throw new Error("no process");
    const { vault } = await first.open();
    await addSecret(first, vault, "key");
    const writers = [second, third].map(async (home) => {
      for (let done = 0; done < 8;) {
        const { vault } = await home.open();
        const put = home.act(
          async (tx) => await vault.put(tx, "key", { value: providerKey("x"), origins: ORIGINS }),
        );
        // Re-keyed between opening and writing: open again.
        if ((await codeOf(async () => await put)) === undefined) done += 1;
      }
    });
    await vault.rekey(ADA);
    await Promise.all(writers);
    const { vault: again } = await first.open();
    await again.reseal(ADA);
    expect(await again.info(first.store, "key")).toMatchObject({ lastVersion: 17 });
    for (let version = 1; version <= 17; version++) await openValue(first, again, "key", version);
    const generations = await first.store.all("SELECT DISTINCT key_generation FROM secret_versions");
    expect(generations).toEqual([{ key_generation: 2 }]);
  });
}
