/** Databases as files that change: every byte comes back, rows of others stay, nothing is changed under a program. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeOf, testTools } from "../tools.testing.ts";
import type { FileRequest } from "./change.ts";

const SECRET = "a secret that is to go for good";

function makeDatabase(path: string): void {
  using database = new Database(path);
  database.run("PRAGMA journal_mode=wal");
  database.run("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)");
  const insert = database.query("INSERT INTO ItemTable VALUES (?, ?)");
  insert.run("key", SECRET);
  insert.run("bytes", Buffer.from("b"));
  insert.run("other", "o");
}

const valueOf = (path: string, key: string): unknown => {
  using database = new Database(path);
  return database.query<{ value: unknown }, [string]>("SELECT value FROM ItemTable WHERE key = ?").get(key)
    ?.value;
};

const set = (path: string, key: string, value: string): FileRequest => ({
  path,
  format: "sqlite",
  rows: [{ table: "ItemTable", column: "value", key: { column: "key", value: key }, value }],
  makePrivate: true,
});

test("a value is changed, nothing of the old one is left in the file, and undo gives every byte back", async () => {
  using tools = testTools();
  const path = join(tools.home, "state.db");
  makeDatabase(path);
  chmodSync(path, 0o644);
  const before = readFileSync(path);
  const change = await tools.changes.apply(
    "x",
    tools.changes.plan([set(path, "key", "new"), set(path, "bytes", "c")]),
  );
  expect(readFileSync(path).includes(SECRET)).toBe(false);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}-wal`)).toBe(false);
  await tools.changes.undo(change?.id ?? "");
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o644);
});

test("text stays text, bytes stay bytes, and the database stays in its mode", async () => {
  using tools = testTools();
  const path = join(tools.home, "state.db");
  makeDatabase(path);
  await tools.changes.apply("x", tools.changes.plan([set(path, "key", "new"), set(path, "bytes", "c")]));
  expect(valueOf(path, "key")).toBe("new");
  expect(valueOf(path, "bytes")).toEqual(new Uint8Array(Buffer.from("c")));
  using database = new Database(path);
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(database.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
});

test("written by its program since, our values only are taken back", async () => {
  using tools = testTools();
  const path = join(tools.home, "state.db");
  makeDatabase(path);
  const requests = [set(path, "key", "new"), set(path, "bytes", "c")];
  const change = await tools.changes.apply("x", tools.changes.plan(requests));
  {
    using database = new Database(path);
    const insert = database.query("INSERT INTO ItemTable VALUES (?, ?)");
    insert.run("other", "theirs");
    insert.run("bytes", "theirs too");
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  await tools.changes.undo(change?.id ?? "");
  expect(valueOf(path, "key")).toBe(SECRET);
  expect(valueOf(path, "other")).toBe("theirs");
  expect(valueOf(path, "bytes")).toBe("theirs too");
});

test("nothing is done to a database that a program has open, or that was left in the middle of something", async () => {
  using tools = testTools();
  const path = join(tools.home, "state.db");
  makeDatabase(path);
  const planned = tools.changes.plan([set(path, "key", "new")]);
  const before = readFileSync(path);
  const program = Bun.spawn(["sleep", "30"], { stdin: Bun.file(path), stdout: "ignore" });
  try {
    expect(await codeOf(() => tools.changes.plan([set(path, "key", "new")]))).toBe("conflict");
    expect(await codeOf(() => tools.changes.apply("x", planned))).toBe("conflict");
  } finally {
    program.kill();
    await program.exited;
  }
  expect(readFileSync(path).equals(before)).toBe(true);
  await Bun.write(`${path}-wal`, "something");
  expect(await codeOf(() => tools.changes.plan([set(path, "key", "new")]))).toBe("conflict");
});

test("what is no database is told, and left", async () => {
  using tools = testTools();
  const path = join(tools.home, "state.db");
  await Bun.write(path, "no database at all, but long enough to be looked at as one".repeat(20));
  expect(await codeOf(() => tools.changes.plan([set(path, "key", "new")]))).toBe("damaged_file");
});
