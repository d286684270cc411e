import { afterAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseTexts } from "./state-database.ts";

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

test("rows of keys and values are read as one text each; the account's login is never read out", () => {
  const { path, database } = stateDatabase("state.vscdb", "delete");
  database.close();
  expect([...databaseTexts(path)]).toEqual([
    { place: "ItemTable cursorAuth/openAIKey", text: "cursorAuth/openAIKey = plain value" },
    { place: "ItemTable blob", text: "blob = as bytes" },
  ]);
});

test("reading a database in WAL mode leaves its folder as it was", () => {
  const { path, database } = stateDatabase("state.vscdb", "wal");
  database.close();
  const folder = join(path, "..");
  const before = readdirSync(folder).map((name) => [
    name,
    readFileSync(join(folder, name)).toString("base64"),
  ]);
  expect([...databaseTexts(path)]).toHaveLength(2);
  const after = readdirSync(folder).map((name) => [
    name,
    readFileSync(join(folder, name)).toString("base64"),
  ]);
  expect(after).toEqual(before);
});

test("what a running program has written but not yet moved into the file is read too", () => {
  const { path, database } = stateDatabase("state.vscdb", "wal");
  expect([...databaseTexts(path)].map(({ place }) => place)).toContain("ItemTable cursorAuth/openAIKey");
  database.close();
});

test("columns of other tables are read with their names; virtual tables and odd names do no harm", () => {
  const path = join(mkdtempSync(join(root, "d-")), "webui.db");
  const database = new Database(path);
  database.run(`CREATE TABLE "odd ""name" (id INTEGER, "the 'data'" TEXT)`);
  database.run(`INSERT INTO "odd ""name" VALUES (1, 'text')`);
  database.run("CREATE VIRTUAL TABLE words USING fts5(body)");
  database.close();
  expect([...databaseTexts(path)]).toContainEqual({
    place: `odd "name.the 'data'`,
    text: "the 'data' = text",
  });
});

test("what is no database throws", () => {
  const path = join(root, "not.db");
  writeFileSync(path, "something else ".repeat(100));
  expect(() => [...databaseTexts(path)]).toThrow();
});
