// The database is somebody else's hands: whatever they do to the vault's rows ends in a clean error, never in a wrong
// value and never in a crash.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { AppError, utf8 } from "../kernel/index.ts";
import { keyFilePath } from "./slots/key-file.ts";
import { existsSync } from "node:fs";
import {
  ADA,
  addSecret,
  codeOf,
  openTestHome,
  openValue,
  ORIGINS,
  providerKey,
  type TestHome,
} from "./vault.testing.ts";

const TABLES = ["vault", "vault_slots", "vault_collection_keys", "secrets", "secret_versions", "vault_blobs"];
type Cell = string | number | Uint8Array | null;

/** A second program at the same file, outside Ownkey. */
function tamperer(home: TestHome) {
  const database = new Database(join(home.home, "control.db"));
  database.run("PRAGMA synchronous=OFF");
  return {
    run: (sql: string, ...params: Cell[]) => database.run(sql, params),
    all: (sql: string) => database.query<Record<string, Cell>, []>(sql).all(),
    [Symbol.dispose]: () => database.close(),
  };
}

/** One secret with two versions, one disabled, one removed, and a blob. */
async function smallVault(home: TestHome): Promise<void> {
  const { vault } = await home.open();
  for (const id of ["alpha", "beta", "gamma"]) await addSecret(home, vault, id);
  await home.act(async (tx) => {
    await vault.put(tx, "alpha", { value: providerKey("next"), origins: ORIGINS });
    await vault.setState(tx, "beta", "disabled");
    await vault.remove(tx, "gamma");
    await vault.putBlob(tx, "blob", "undo", utf8("before"));
  });
}

/** Opens the vault anew and reads all there is, as one text: values, or the code of the first error. */
async function readAll(home: TestHome): Promise<string> {
  try {
    const { vault } = await home.open();
    return await home.act(async (tx) => {
      const first = await vault.open(tx, "alpha");
      const second = await vault.open(tx, "alpha", 2);
      const disabled = await codeOf(async () => await vault.open(tx, "beta"));
      await vault.setState(tx, "beta", "active");
      const enabled = await vault.open(tx, "beta");
      await vault.setState(tx, "beta", "disabled");
      const removed = await codeOf(async () => await vault.open(tx, "gamma"));
      const blob = await vault.getBlob(tx, "blob");
      const values = [first, second, enabled].map(({ value, origins }) => [value.reveal(), origins]);
      return JSON.stringify([values, disabled, removed, blob?.info.kind, String(blob?.bytes)]);
    });
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** The value with one bit of each of its bytes changed, byte by byte. */
function flips(value: Cell | undefined): Cell[] {
  if (value === null || value === undefined) return [1];
  if (typeof value === "number") return Array.from({ length: 6 }, (_, byte) => value + 256 ** byte);
  if (value instanceof Uint8Array) return Array.from(value, (_, at) => flipped(value, at));
  const text = utf8(value);
  return Array.from(text, (_, at) => Buffer.from(flipped(text, at)).toString());
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
  return changed;
}

test("every byte of every column of every vault row, changed, ends in a clean error", async () => {
  await using home = await openTestHome();
  await smallVault(home);
  using outside = tamperer(home);
  const untouched = await readAll(home);
  expect(untouched).toContain(providerKey("next").reveal());
  const passed: string[] = [];
  let tried = 0;
  for (const table of TABLES) {
    for (const row of outside.all(`SELECT rowid AS row_number, * FROM ${table}`)) {
      const { row_number, singleton: _cannotChange, ...columns } = row;
      for (const [column, value] of Object.entries(columns)) {
        const update = `UPDATE OR IGNORE ${table} SET ${column} = ? WHERE rowid = ${Number(row_number)}`;
        for (const [at, changed] of flips(value).entries()) {
          // Two rows cannot have the same key: the database itself refuses that.
          if (outside.run(update, changed).changes === 0) continue;
          const outcome = await readAll(home);
          tried += 1;
          const wanted =
            table === "vault_slots" && column === "id"
              ? /^no_usable_slot|corrupt$/
              : /^(?:corrupt|rolled_back)$/;
          if (!wanted.test(outcome)) passed.push(`${table}.${column} ${at}: ${outcome}`);
        }
        outside.run(update, value ?? null);
      }
    }
  }
  expect(passed).toEqual([]);
  expect(tried).toBeGreaterThan(2_000);
  expect(await readAll(home)).toBe(untouched);
});

/** What happens when somebody runs these statements between two starts. */
async function afterwards(statements: readonly string[]): Promise<string> {
  await using home = await openTestHome();
  await smallVault(home);
  using outside = tamperer(home);
  for (const statement of statements) outside.run(statement);
  return await readAll(home);
}

test.each([
  [
    "ciphertexts swapped",
    [
      "UPDATE secret_versions SET sealed = (SELECT sealed FROM secret_versions x WHERE x.secret_id = 'beta') WHERE secret_id = 'alpha' AND version = 1",
    ],
    "corrupt",
  ],
  [
    "a version's row copied to another secret",
    [
      "UPDATE secret_versions SET secret_id = 'c2' WHERE secret_id = 'gamma'",
      "INSERT INTO secret_versions SELECT 'gamma', version, collection, key_generation, sealed, sealed_sha256, created_at_ms, mac FROM secret_versions WHERE secret_id = 'alpha' AND version = 1",
    ],
    "corrupt",
  ],
  [
    "an older version put in the newer one's place",
    [
      "DELETE FROM secret_versions WHERE secret_id = 'alpha' AND version = 2",
      "UPDATE secret_versions SET version = 2 WHERE secret_id = 'alpha'",
    ],
    "corrupt",
  ],
  [
    "another version made the active one",
    ["UPDATE secrets SET active_version = 2 WHERE id = 'alpha'"],
    "corrupt",
  ],
  [
    "a version taken away",
    ["DELETE FROM secret_versions WHERE secret_id = 'alpha' AND version = 2"],
    "rolled_back",
  ],
  [
    "a secret taken away",
    ["DELETE FROM secret_versions WHERE secret_id = 'beta'", "DELETE FROM secrets WHERE id = 'beta'"],
    "rolled_back",
  ],
  ["a tombstone taken away", ["UPDATE secrets SET state = 'active' WHERE id = 'beta'"], "rolled_back"],
  ["a tombstone weakened", ["UPDATE secrets SET state = 'disabled' WHERE id = 'gamma'"], "corrupt"],
  [
    "a ciphertext shredded",
    ["UPDATE secret_versions SET sealed = NULL WHERE secret_id = 'alpha'"],
    "corrupt",
  ],
  ["a blob taken away", ["DELETE FROM vault_blobs"], "rolled_back"],
  [
    "all vault tables emptied but the vault's row",
    ["DELETE FROM secrets", "DELETE FROM secret_versions", "DELETE FROM vault_blobs"],
    "rolled_back",
  ],
  ["the collection keys taken away", ["DELETE FROM vault_collection_keys"], "corrupt"],
  [
    "a collection key retired",
    ["UPDATE vault_collection_keys SET state = 'retired' WHERE collection = 'blobs'"],
    "corrupt",
  ],
  [
    "the collection keys swapped",
    [
      "UPDATE vault_collection_keys SET wrapped = (SELECT wrapped FROM vault_collection_keys x WHERE x.collection = 'blobs') WHERE collection = 'provider_keys'",
    ],
    "corrupt",
  ],
  ["the slots taken away", ["DELETE FROM vault_slots"], "no_usable_slot"],
] as const)("%s: refused", async (_what, statements, code) => {
  expect(await afterwards(statements)).toBe(code);
});

test("a genuine old row put back is found, and can be accepted by who knows why", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await addSecret(home, vault, "alpha");
  await home.act(
    async (tx) => await vault.put(tx, "alpha", { value: providerKey("next"), origins: ORIGINS }),
  );
  using outside = tamperer(home);
  outside.run("CREATE TABLE kept AS SELECT * FROM secrets");
  await home.act(async (tx) => await vault.activate(tx, "alpha", 2));
  outside.run("DELETE FROM secrets");
  outside.run("INSERT INTO secrets SELECT * FROM kept");
  outside.run("DROP TABLE kept");
  expect(await codeOf(async () => await home.open())).toBe("rolled_back");

  const { size } = await home.audit.head(home.store);
  expect(await codeOf(async () => await home.open({ acceptEpoch: size - 1 }))).toBe("rolled_back");
  await home.open({ acceptEpoch: size });
  const { vault: again } = await home.open();
  expect(await openValue(home, again, "alpha")).toBe(providerKey("alpha").reveal());
});

test("accepting never covers a row that was changed", async () => {
  await using home = await openTestHome();
  await smallVault(home);
  using outside = tamperer(home);
  outside.run("UPDATE secrets SET active_version = 2 WHERE id = 'alpha'");
  const { size } = await home.audit.head(home.store);
  expect(await codeOf(async () => await home.open({ acceptEpoch: size }))).toBe("corrupt");
});

test("a forged note of a removed slot deletes no key that is in use, and no other file", async () => {
  await using home = await openTestHome();
  const { vault, openedBy } = await home.open();
  const id = openedBy?.id ?? "";
  using outside = tamperer(home);
  outside.run("INSERT INTO vault_removed_slots VALUES (?, 'key_file')", id);
  await vault.reseal(ADA);
  expect(existsSync(keyFilePath(home.home, id))).toBe(true);
  outside.run("INSERT INTO vault_removed_slots VALUES ('../../x', 'key_file')");
  expect(await codeOf(async () => await vault.reseal(ADA))).toBe("corrupt");
});

test("sealed rows of other rooms: a changed content, id or table is corrupt", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const mac = vault.seal("connections", "conn_1", utf8("content"));
  vault.check("connections", "conn_1", utf8("content"), mac);
  const check = (table: string, id: string, content: string, mac: Uint8Array) =>
    codeOf(async () => vault.check(table, id, utf8(content), mac));
  expect(await check("connections", "conn_1", "contend", mac)).toBe("corrupt");
  expect(await check("connections", "conn_2", "content", mac)).toBe("corrupt");
  expect(await check("virtual_keys", "conn_1", "content", mac)).toBe("corrupt");
  expect(await check("connections", "conn_1", "content", flipped(mac, 3))).toBe("corrupt");
  expect(await check("connections", "conn_1", "content", new Uint8Array())).toBe("corrupt");
});
