// What every engine must do. Each engine's test file gives a target and runs it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../kernel/index.ts";
import { storeLineage } from "./migrate.ts";
import type { Migration } from "./migrations/index.ts";
import type { Store, Value } from "./store.ts";

export interface StoreTarget {
  /** Makes a new, empty database and gives its name. */
  newDatabase(): Promise<string>;
  /** Opens a database; several stores may be open on one at once. */
  open(database: string, migrations?: readonly Migration[]): Promise<Store>;
  close(): Promise<void>;
}

const TEST_SCHEMA: readonly Migration[] = [
  {
    version: 1,
    name: "test",
    statements: [
      "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
      "CREATE TABLE item (id BIGINT PRIMARY KEY, label TEXT, body BLOB)",
      "CREATE TABLE part (item_id BIGINT NOT NULL REFERENCES item (id))",
    ],
  },
];

/** The error's code, or what was thrown, or `resolved`: for `expect`. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "resolved";
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
}

/** Waits until something becomes true; the test's own time limit ends a wait in vain. */
export async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(5);
}

function plainInteger(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

export function storeContract(name: string, makeTarget: () => Promise<StoreTarget>): void {
  describe(name, () => {
    let target: StoreTarget;
    let database: string;
    let store: Store;
    const opened: Store[] = [];
    const openAnother = async (migrations = TEST_SCHEMA) => {
      const another = await target.open(database, migrations);
      opened.push(another);
      return another;
    };

    beforeAll(async () => {
      target = await makeTarget();
    });
    afterAll(() => target.close());
    beforeEach(async () => {
      database = await target.newDatabase();
      store = await openAnother();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    const insert = (id: Value, label: Value = null, body: Value = null) =>
      store.run("INSERT INTO item (id, label, body) VALUES (?, ?, ?)", [id, label, body]);
    const ids = async (from: Store = store) =>
      (await from.all("SELECT id FROM item ORDER BY id")).map((row) => row["id"]);

    describe("transactions", () => {
      test("a resolved transaction is committed and gives its result", async () => {
        const result = await store.tx(async (tx) => {
          await tx.run("INSERT INTO item (id) VALUES (?)", [1]);
          await tx.run("INSERT INTO item (id) VALUES (?)", [2]);
          return "done";
        });
        expect(result).toBe("done");
        expect(await ids(await openAnother())).toEqual([1, 2]);
      });

      test("a rejected transaction leaves nothing and rejects with its own error", async () => {
        const reason = new Error("changed my mind");
        const outcome = store.tx(async (tx) => {
          await tx.run("INSERT INTO item (id) VALUES (?)", [1]);
          throw reason;
        });
        expect(await codeOf(outcome)).toBe(reason);
        expect(await ids()).toEqual([]);
      });

      test("a failed statement fails the transaction even when its error is swallowed", async () => {
        await insert(1);
        const outcome = store.tx(async (tx) => {
          await tx.run("INSERT INTO item (id) VALUES (?)", [2]);
          await tx.run("INSERT INTO item (id) VALUES (?)", [1]).catch(() => {});
        });
        expect(await codeOf(outcome)).toBe("conflict");
        expect(await ids()).toEqual([1]);
      });

      test("a transaction sees its own changes; others see them after the commit only", async () => {
        await store.tx(async (tx) => {
          await tx.run("INSERT INTO item (id) VALUES (?)", [1]);
          expect(await tx.get(`SELECT id FROM item WHERE id = ?${tx.forUpdate}`, [1])).toEqual({ id: 1 });
          expect(await ids()).toEqual([]);
        });
        expect(await ids()).toEqual([1]);
      });

      test("a transaction cannot be used after its end", async () => {
        const escaped = await store.tx(async (tx) => ({ tx }));
        expect(await codeOf(escaped.tx.run("INSERT INTO item (id) VALUES (1)"))).toBe("internal");
        expect(await ids()).toEqual([]);
      });

      test("a transaction inside another one is refused instead of waiting for ever", async () => {
        expect(await codeOf(store.tx(() => store.run("DELETE FROM item")))).toBe("internal");
        await Promise.all([insert(1), insert(2)]);
        expect(await ids()).toEqual([1, 2]);
      });

      test("transactions of several stores on one database lose no update", async () => {
        await insert(1, "0");
        const stores = [store, await openAnother(), await openAnother()];
        const increment = (on: Store) =>
          on.tx(async (tx) => {
            const row = await tx.get(`SELECT label FROM item WHERE id = 1${tx.forUpdate}`);
            await tx.run("UPDATE item SET label = ? WHERE id = 1", [String(Number(row?.["label"]) + 1)]);
          });
        await Promise.all(stores.flatMap((on) => Array.from({ length: 8 }, () => increment(on))));
        expect(await store.get("SELECT label FROM item")).toEqual({ label: "24" });
      });

      test("a broken rule of the schema is a conflict that names no value", async () => {
        await insert(1, "first");
        for (const sql of [
          "INSERT INTO item (id, label) VALUES (1, ?)",
          "INSERT INTO part SELECT 77 WHERE ? <> ''",
        ]) {
          const error: unknown = await store.run(sql, ["private text"]).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ code: "conflict" });
          expect(String(error) + Bun.inspect((error as AppError).cause)).not.toContain("private text");
        }
      });

      test("a wrong statement is an internal error and the store goes on", async () => {
        expect(await codeOf(store.run("INSERT INTO nowhere VALUES (1)"))).toBe("internal");
        expect(await codeOf(store.all("SELEC"))).toBe("internal");
        expect(await codeOf(store.run("UPDATE item SET id = ?", [undefined as unknown as null]))).toBe(
          "internal",
        );
        await insert(1);
        expect(await ids()).toEqual([1]);
      });
    });

    describe("values", () => {
      const edge: readonly (number | bigint)[] = [
        0,
        -1,
        2 ** 31,
        5e12,
        Number.MAX_SAFE_INTEGER,
        Number.MIN_SAFE_INTEGER,
        2n ** 53n,
        -(2n ** 53n),
        2n ** 63n - 1n,
        -(2n ** 63n),
      ];

      test("integers come back exactly and can be searched for", async () => {
        for (const value of edge) {
          await insert(value);
          expect(await store.get("SELECT id FROM item WHERE id = ?", [value])).toEqual({ id: value });
        }
      });

      test("an integer beyond 64 bits is refused, not cut", async () => {
        expect(await codeOf(insert(2n ** 63n))).toBe("internal");
        expect(await ids()).toEqual([]);
      });

      test("text comes back exactly and can be searched for", async () => {
        const texts = [
          "",
          "Ünïcödé 😀 \u{1F468}\u200D\u{1F469} \u202Eabc",
          "' \" ? $1 -- \\ ;",
          "ä".repeat(100_000),
        ];
        for (const [id, text] of texts.entries()) {
          await insert(id, text);
          expect(await store.get("SELECT id, label FROM item WHERE label = ?", [text])).toEqual({
            id,
            label: text,
          });
        }
      });

      test("bytes come back exactly, as a plain array of bytes", async () => {
        const bodies = [
          new Uint8Array(0),
          Uint8Array.from({ length: 256 }, (_, byte) => byte),
          Uint8Array.from([9, 1, 2, 9]).subarray(1, 3),
          new Uint8Array(1 << 20).fill(7),
        ];
        for (const [id, bytes] of bodies.entries()) {
          await insert(id, null, bytes);
          const body = (await store.get("SELECT body FROM item WHERE id = ?", [id]))?.["body"];
          expect(Buffer.isBuffer(body)).toBe(false);
          expect(body).toEqual(new Uint8Array(bytes));
        }
      });

      test("whatever is stored comes back", async () => {
        const text = fc.string({ unit: "binary", maxLength: 40 }).filter((one) => !one.includes("\0"));
        const item = fc.record({
          id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          label: fc.option(text.map((one) => one.toWellFormed())),
          body: fc.option(fc.uint8Array({ maxLength: 40 })),
        });
        await fc.assert(
          fc.asyncProperty(item, async ({ id, label, body }) => {
            const sql = "INSERT INTO item (id, label, body) VALUES (?, ?, ?)";
            const read = await store.tx(async (tx) => {
              await tx.run("DELETE FROM item");
              await tx.run(sql, [id, label, body]);
              return tx.get("SELECT * FROM item WHERE id = ?", [id]);
            });
            expect(read).toEqual({ id: plainInteger(id), label, body });
          }),
          { numRuns: 60 },
        );
      });

      test("what the engines would treat differently is refused before it reaches them", async () => {
        expect(await codeOf(insert(1, "a\0b"))).toBe("invalid_input");
        expect(await codeOf(insert(0.5))).toBe("internal");
        expect(await codeOf(insert(2 ** 53))).toBe("internal");
        expect(await ids()).toEqual([]);
      });

      test("bytes belong to the caller: changing them changes no other result", async () => {
        await insert(1, null, Uint8Array.from([1, 2, 3]));
        const first = (await store.get("SELECT body FROM item"))?.["body"];
        (first as Uint8Array).fill(0);
        expect(await store.get("SELECT body FROM item")).toEqual({ body: Uint8Array.from([1, 2, 3]) });
      });

      test("NULL is null, and the same statement takes null and values in turn", async () => {
        const values = [null, 5, null, "x"];
        for (const [id, value] of values.entries()) await insert(id, value === 5 ? "5" : value);
        const rows = await store.all("SELECT label FROM item ORDER BY id");
        expect(rows.map((row) => row["label"])).toEqual([null, "5", null, "x"]);
      });

      test("counts and sums cast to BIGINT are integers", async () => {
        for (const id of [1, 2, 3]) await insert(id);
        const sql =
          "SELECT COUNT(*) AS n, CAST(SUM(id) AS BIGINT) AS total, MAX(id) AS top FROM item LIMIT ?";
        expect(await store.get(sql, [1])).toEqual({ n: 3, total: 6, top: 3 });
      });

      test("no row is undefined, no rows are an empty list", async () => {
        expect(await store.get("SELECT id FROM item")).toBeUndefined();
        expect(await store.all("SELECT id FROM item")).toEqual([]);
      });
    });

    describe("changes", () => {
      test("run gives the number of changed rows", async () => {
        expect(await insert(1)).toBe(1);
        expect(await insert(2)).toBe(1);
        expect(await store.run("UPDATE item SET label = 'x'")).toBe(2);
        expect(await store.run("UPDATE item SET label = 'y' WHERE id = 99")).toBe(0);
        expect(await store.run("DELETE FROM item WHERE id = ?", [1])).toBe(1);
      });

      test("ON CONFLICT updates or leaves, RETURNING gives what was written", async () => {
        await insert(1, "old");
        expect(await store.run("INSERT INTO item (id) VALUES (1) ON CONFLICT DO NOTHING")).toBe(0);
        const upsert =
          "INSERT INTO item (id, label) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET label = excluded.label RETURNING id, label";
        expect(await store.tx((tx) => tx.get(upsert, [1, "new"]))).toEqual({ id: 1, label: "new" });
        expect(await ids()).toEqual([1]);
      });

      test("the change mark differs after an own commit", async () => {
        const before = store.changeMark();
        await insert(1);
        expect(store.changeMark()).not.toBe(before);
      });

      test("the change mark differs soon after another store's commit, and rests without one", async () => {
        const another = await openAnother();
        const before = another.changeMark();
        await insert(1);
        await eventually(() => another.changeMark() !== before);
        const after = another.changeMark();
        expect(another.changeMark()).toBe(after);
        expect(another.confirmedAtMs()).toBeGreaterThan(Number.NEGATIVE_INFINITY);
      });
    });

    describe("schema", () => {
      const step = (version: number, ...statements: readonly string[]): Migration => ({
        version,
        name: `step ${version}`,
        statements,
      });

      test("opening applies the steps that are missing, once, and keeps what is there", async () => {
        await insert(1, "kept");
        const extended = [...TEST_SCHEMA, step(2, "CREATE TABLE extra (id BIGINT)")];
        const newer = await openAnother(extended);
        await newer.run("INSERT INTO extra (id) VALUES (7)");
        const again = await openAnother(extended);
        expect(await again.get("SELECT id FROM extra")).toEqual({ id: 7 });
        expect(await again.get("SELECT label FROM item")).toEqual({ label: "kept" });
      });

      test("the schema of this Ownkey can be made", async () => {
        database = await target.newDatabase();
        const real = await target.open(database);
        opened.push(real);
        expect(await storeLineage(real)).toMatch(/^[0-9a-f]{32}$/);
      });

      test("a step that fails leaves the schema as it was", async () => {
        const failing = [
          ...TEST_SCHEMA,
          step(2, "CREATE TABLE extra (id BIGINT)"),
          step(3, "CREATE NONSENSE"),
        ];
        expect(await codeOf(openAnother(failing))).toBe("internal");
        expect(await codeOf(store.all("SELECT id FROM extra"))).toBe("internal");
        expect(await ids(await openAnother())).toEqual([]);
      });

      test("a newer database is refused, naming the version that is needed", async () => {
        await openAnother([...TEST_SCHEMA, step(9, "CREATE TABLE extra (id BIGINT)")]);
        const error: unknown = await openAnother().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "newer_format", details: { found: 9, supported: 1 } });
        expect((error as AppError).hint).toContain("9");
      });

      test("several stores opening a new database at once agree on one lineage", async () => {
        database = await target.newDatabase();
        const stores = await Promise.all(Array.from({ length: 4 }, () => openAnother()));
        const lineages = await Promise.all(
          stores.map((one) => one.get("SELECT value FROM meta WHERE name = 'lineage'")),
        );
        expect(new Set(lineages.map((row) => row?.["value"])).size).toBe(1);
      });
    });

    test("a closed store rejects and does not hang", async () => {
      const closed = await openAnother();
      await closed.close();
      expect(await codeOf(closed.all("SELECT id FROM item"))).toBe("store_unavailable");
      expect(await codeOf(closed.tx(async () => "x"))).toBe("store_unavailable");
    });
  });
}
