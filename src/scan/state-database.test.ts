import { afterAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseValue, databaseValues } from "./state-database.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-state-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function stateDatabase(name: string, journal: "wal" | "delete"): { path: string; database: Database } {
  const path = join(mkdtempSync(join(root, "d-")), name);
  const database = new Database(path);
  database.run(`PRAGMA journal_mode=${journal}`);
  database.run("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)");
  const insert = database.query("INSERT INTO ItemTable VALUES (?, ?)");
  insert.run("cursorAuth/openAIKey", "plain value");
  insert.run("cursorAuth/accessToken", "account login");
  insert.run("blob", Buffer.from("as bytes"));
  return { path, database };
}

const read = ({ place, name, bytes }: DatabaseValue) => ({
  place,
  name,
  text: Buffer.from(bytes).toString(),
});

test("rows of keys and values are read as one each; the account's login is never read out", () => {
  const { path, database } = stateDatabase("state.vscdb", "delete");
  database.close();
  expect([...databaseValues(path)].map(read)).toEqual([
    { place: "ItemTable cursorAuth/openAIKey", name: "cursorAuth/openAIKey", text: "plain value" },
    { place: "ItemTable blob", name: "blob", text: "as bytes" },
  ]);
});

test("a database of UTF-16 is read, and numbers are no texts", () => {
  const path = join(mkdtempSync(join(root, "d-")), "utf16.db");
  const database = new Database(path);
  database.run("PRAGMA encoding = 'UTF-16'");
  database.run("CREATE TABLE t (id INTEGER, word TEXT)");
  database.run("INSERT INTO t VALUES (1, 'wörd')");
  database.close();
  expect([...databaseValues(path)].map(read)).toEqual([{ place: "t.word", name: "word", text: "wörd" }]);
});

test("long values and large databases are read up to a bound, which is told", () => {
  const { path, database } = stateDatabase("state.vscdb", "delete");
  database.query("INSERT INTO ItemTable VALUES (?, ?)").run("long", "x".repeat(1000));
  database.close();
  const readUpTo = (longestValue: number, mostBytes: number) => {
    const values = databaseValues(path, { longestValue, mostBytes });
    for (let sizeBytes = 0; ;) {
      const { done, value } = values.next();
      if (done) return { isWhole: value, sizeBytes };
      sizeBytes += value.bytes.length;
    }
  };
  expect(readUpTo(2000, 5000)).toEqual({ isWhole: true, sizeBytes: 1019 });
  expect(readUpTo(100, 5000)).toEqual({ isWhole: false, sizeBytes: 119 });
  expect(readUpTo(2000, 15)).toEqual({ isWhole: false, sizeBytes: 11 });
});

test("a database that is being written to is read as it was committed, whatever its mode", () => {
  for (const mode of ["wal", "delete"] as const) {
    const { path, database } = stateDatabase("state.vscdb", mode);
    const before = readdirSync(join(path, "..")).toSorted();
    database.run("BEGIN EXCLUSIVE");
    database.query("INSERT INTO ItemTable VALUES (?, ?)").run("not yet", "x");
    expect([...databaseValues(path)].map(({ name }) => name)).toEqual(["cursorAuth/openAIKey", "blob"]);
    database.run("COMMIT");
    expect([...databaseValues(path)].map(({ name }) => name)).toContain("not yet");
    if (mode === "delete") expect(readdirSync(join(path, "..")).toSorted()).toEqual(before);
    database.close();
  }
});

test("reading a database in WAL mode leaves its folder as it was", () => {
  const { path, database } = stateDatabase("state.vscdb", "wal");
  database.close();
  const folder = join(path, "..");
  const before = readdirSync(folder).map((name) => [
    name,
    readFileSync(join(folder, name)).toString("base64"),
  ]);
  expect([...databaseValues(path)]).toHaveLength(2);
  const after = readdirSync(folder).map((name) => [
    name,
    readFileSync(join(folder, name)).toString("base64"),
  ]);
  expect(after).toEqual(before);
});

test("what a running program has written but not yet moved into the file is read too", () => {
  const { path, database } = stateDatabase("state.vscdb", "wal");
  expect([...databaseValues(path)].map(({ place }) => place)).toContain("ItemTable cursorAuth/openAIKey");
  database.close();
});

test("columns of other tables are read with their names; virtual tables and odd names do no harm", () => {
  const path = join(mkdtempSync(join(root, "d-")), "webui.db");
  const database = new Database(path);
  database.run(`CREATE TABLE "odd ""name" (id INTEGER, "the 'data'" TEXT)`);
  database.run(`INSERT INTO "odd ""name" VALUES (1, 'text')`);
  database.run("CREATE VIRTUAL TABLE words USING fts5(body)");
  database.close();
  expect([...databaseValues(path)].map(read)).toContainEqual({
    place: `odd "name.the 'data'`,
    name: "the 'data'",
    text: "text",
  });
});

test("what is no database throws", () => {
  const path = join(root, "not.db");
  writeFileSync(path, "something else ".repeat(100));
  expect(() => [...databaseValues(path)]).toThrow();
});
