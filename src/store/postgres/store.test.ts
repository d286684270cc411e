import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { startPostgres } from "../../../test/support/postgres.ts";
import { AppError, silentLog, systemClock } from "../../kernel/index.ts";
import type { Migration } from "../migrations/index.ts";
import type { Store } from "../store.ts";
import { codeOf, eventually, storeContract } from "../store-contract.testing.ts";
import { openPostgresStore } from "./store.ts";

const SCHEMA: readonly Migration[] = [
  {
    version: 1,
    name: "test",
    statements: [
      "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
      "CREATE TABLE item (id BIGINT PRIMARY KEY, label TEXT)",
      "CREATE TABLE audit_head (size BIGINT NOT NULL)",
      "INSERT INTO item (id, label) VALUES (1, ''), (2, '')",
      "INSERT INTO audit_head (size) VALUES (0)",
    ],
  },
];

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`PostgreSQL store: ${server.unavailable}`, () => {});
} else {
  const open = (url: string, migrations?: readonly Migration[], busyTimeoutMs?: number) =>
    openPostgresStore({ url, clock: systemClock, log: silentLog, migrations, busyTimeoutMs });

  storeContract("PostgreSQL", async () => ({
    newDatabase: () => server.newDatabase(),
    open,
    close: async () => {},
  }));

  describe("PostgreSQL", () => {
    let url: string;
    let store: Store;
    let other: Store;
    /** Somebody who is not Ownkey: changes the database without telling. */
    let stranger: SQL;
    beforeAll(async () => {
      url = await server.newDatabase();
      [store, other] = await Promise.all([open(url, SCHEMA), open(url, SCHEMA, 200)]);
      stranger = new SQL({ url, max: 1 });
    });
    afterAll(async () => {
      await Promise.all([store.close(), other.close(), stranger.close()]);
      await server.close();
    });

    const touch = (
      on: Store,
      first: number,
      second: number,
      between: () => Promise<unknown> = async () => {},
    ) =>
      on.tx(async (tx) => {
        await tx.run("UPDATE item SET label = label || 'x' WHERE id = ?", [first]);
        await between();
        await tx.run("UPDATE item SET label = label || 'x' WHERE id = ?", [second]);
      });

    test("of two transactions that lock in opposite order both succeed in the end", async () => {
      const both = Promise.withResolvers<void>();
      let arrived = 0;
      const meet = () => {
        arrived += 1;
        if (arrived === 2) both.resolve();
        return both.promise;
      };
      const patient = await open(url, SCHEMA);
      await Promise.all([touch(store, 1, 2, meet), touch(patient, 2, 1, meet)]);
      await patient.close();
      expect(arrived).toBeGreaterThan(2);
      expect(await store.get("SELECT label FROM item WHERE id = 1")).toEqual({ label: "xx" });
    });

    test("a lock that another transaction keeps is store_unavailable after the busy time", async () => {
      const locked = Promise.withResolvers<void>();
      const enough = Promise.withResolvers<void>();
      const holder = touch(store, 1, 2, () => {
        locked.resolve();
        return enough.promise;
      });
      await locked.promise;
      const error: unknown = await touch(other, 1, 2).catch((thrown: unknown) => thrown);
      enough.resolve();
      await holder;
      expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
    });

    const endAllOthers = () =>
      stranger.unsafe(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );

    test("a connection lost inside a transaction starts it anew, and nothing is done twice", async () => {
      await store.run("UPDATE item SET label = '' WHERE id IN (1, 2)");
      let attempts = 0;
      await touch(store, 1, 2, async () => {
        attempts += 1;
        if (attempts === 1) await endAllOthers();
      });
      expect(attempts).toBe(2);
      expect(await store.all("SELECT label FROM item ORDER BY id")).toEqual([{ label: "x" }, { label: "x" }]);
    });

    test("whoever hangs inside a transaction is thrown out by the server", async () => {
      const row = await store.tx((tx) => tx.get("SHOW idle_in_transaction_session_timeout"));
      expect(row).toEqual({ idle_in_transaction_session_timeout: "3s" });
    });

    test("a change without any notification is noticed by polling the audit log, with the time of the proof", async () => {
      const mark = store.changeMark();
      const confirmedAtMs = store.confirmedAtMs();
      await stranger.unsafe("UPDATE audit_head SET size = size + 1");
      await eventually(() => store.changeMark() !== mark);
      expect(store.confirmedAtMs()).toBeGreaterThan(confirmedAtMs);
    });

    test("the environment does not change which database is used", async () => {
      process.env["PGDATABASE"] = "postgres";
      const another = await open(url, SCHEMA).finally(() => delete process.env["PGDATABASE"]);
      expect(await another.get("SELECT current_database() AS name")).toEqual({
        name: url.replace(/^.*\//, ""),
      });
      await another.close();
    });

    test("no error tells the URL or its password", async () => {
      const password = "hunter2-hunter2";
      const wrong = (change: (url: URL) => void) => {
        const changed = new URL(url);
        changed.password = password;
        change(changed);
        return changed.href;
      };
      const cases: readonly [string, string][] = [
        [wrong(() => {}), "store_unavailable"],
        [wrong((one) => (one.port = "1")), "store_unavailable"],
        [wrong((one) => (one.pathname = "/absent")), "store_unavailable"],
        [`mysql://user:${password}@localhost/x`, "invalid_input"],
        [`postgres://[${password}`, "invalid_input"],
        [`postgres://user:${password}@localhost`, "invalid_input"],
      ];
      for (const [wrongUrl, code] of cases) {
        const error: unknown = await open(wrongUrl).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(AppError);
        expect(error).toMatchObject({ code });
        expect(Bun.inspect(error) + String((error as AppError).hint)).not.toContain(password);
      }
    });

    test("a server that has gone is store_unavailable, and the proof of currency grows old", async () => {
      const doomed = await server.newDatabase();
      const left = await open(doomed, SCHEMA);
      const admin = new SQL({ url: doomed.replace(/[^/]*$/, "postgres"), max: 1 });
      const name = doomed.replace(/^.*\//, "");
      await admin.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
      const goneAtMs = systemClock.monotonicMs();
      expect(await codeOf(left.all("SELECT id FROM item"))).toBe("store_unavailable");
      expect(await codeOf(left.tx((tx) => tx.run("DELETE FROM item")))).toBe("store_unavailable");
      expect(left.confirmedAtMs()).toBeLessThan(goneAtMs);
      await Promise.all([left.close(), admin.close()]);
    });
  });
}
