/** Databases as files that change: every byte comes back, rows of others stay, nothing is changed under a program. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
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

/** Above what is held in memory, with free pages in which an older value was left. */
function makeLarge(path: string): void {
  makeDatabase(path);
  using database = new Database(path);
  const insert = database.query("INSERT INTO ItemTable VALUES (?, ?)");
  database.transaction(() => {
    for (let at = 0; at < 60; at++) insert.run(`conversation ${at}`, `${at} said `.repeat(12_000));
    insert.run("older", SECRET);
  })();
  database.run("DELETE FROM ItemTable WHERE key = 'older' OR key LIKE 'conversation 1%'");
}

const rowsOf = (path: string) => {
  using database = new Database(path);
  return JSON.stringify(database.query("SELECT rowid, * FROM ItemTable ORDER BY rowid").all());
};

describe("a database that is too large to be held", () => {
  test("is changed like a small one, and undo gives every row and the mode back", async () => {
    using tools = testTools();
    const path = join(tools.home, "state.vscdb");
    makeLarge(path);
    chmodSync(path, 0o644);
    const before = rowsOf(path);
    const change = await tools.changes.apply(
      "x",
      tools.changes.plan([set(path, "key", "new"), set(path, "bytes", "c")]),
    );
    expect(readFileSync(path).includes(SECRET)).toBe(false);
    expect([valueOf(path, "key"), valueOf(path, "bytes")]).toEqual(["new", new Uint8Array(Buffer.from("c"))]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    {
      using database = new Database(path);
      expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
      expect(database.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    }
    expect(tools.store.stored.get(change?.id ?? "")?.length).toBeLessThan(2000);
    await tools.changes.undo(change?.id ?? "");
    expect(rowsOf(path)).toBe(before);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(tools.home)).toEqual(["state.vscdb"]);
  });

  test("keeps what its program has written since; by force our values go all the same", async () => {
    using tools = testTools();
    const path = join(tools.home, "state.vscdb");
    for (const force of [false, true]) {
      makeLarge(path);
      const requests = [set(path, "key", "new"), set(path, "bytes", "c")];
      const change = await tools.changes.apply("x", tools.changes.plan(requests));
      {
        using database = new Database(path);
        database.run("UPDATE ItemTable SET value = 'theirs' WHERE key IN ('bytes', 'other')");
        database.run("PRAGMA wal_checkpoint(TRUNCATE)");
      }
      await tools.changes.undo(change?.id ?? "", { force });
      expect([valueOf(path, "key"), valueOf(path, "other")]).toEqual([SECRET, "theirs"]);
      expect(valueOf(path, "bytes")).toEqual(force ? "b" : "theirs");
      rmSync(path);
    }
  });

  test("is not touched while a program has it open, nor when it changed since it was planned", async () => {
    using tools = testTools();
    const path = join(tools.home, "state.vscdb");
    makeLarge(path);
    const planned = tools.changes.plan([set(path, "key", "new")]);
    const program = Bun.spawn(["sleep", "30"], { stdin: Bun.file(path), stdout: "ignore" });
    try {
      expect(await codeOf(() => tools.changes.plan([set(path, "key", "new")]))).toBe("conflict");
      expect(await codeOf(() => tools.changes.apply("x", planned))).toBe("conflict");
    } finally {
      program.kill();
      await program.exited;
    }
    {
      using database = new Database(path);
      database.run("UPDATE ItemTable SET value = 'theirs' WHERE key = 'key'");
    }
    expect(await codeOf(() => tools.changes.apply("x", planned))).toBe("conflict");
    expect(valueOf(path, "key")).toBe("theirs");
    expect(tools.store.stored.size).toBe(0);
  });

  test("interrupted between any two steps is put back by the next command", async () => {
    for (const crashAt of ["applying", "applied", "undoing"] as const) {
      using tools = testTools();
      const path = join(tools.home, "state.vscdb");
      makeLarge(path);
      tools.store.beforeSave = ({ state }) => {
        if (state === crashAt) throw new Error("crash");
      };
      const work = async () => {
        const change = await tools.changes.apply("x", tools.changes.plan([set(path, "key", "new")]));
        await tools.changes.undo(change?.id ?? "");
      };
      expect(await codeOf(work)).toBe("Error: crash");
      // As a copy that was under way when the power went.
      const copy = join(tools.home, `.state.vscdb.${crypto.randomUUID()}.tmp`);
      await Bun.write(copy, "half a copy");
      tools.store.beforeSave = () => {};
      await tools.changes.recover();
      expect(valueOf(path, "key")).toBe(crashAt === "undoing" ? "new" : SECRET);
      expect(existsSync(copy)).toBe(crashAt !== "applied");
    }
  });

  test("stays as it is when no copy of it can be made, and that is told", async () => {
    using tools = testTools();
    // The copy's name would be too long.
    const path = join(tools.home, "s".repeat(230));
    makeLarge(path);
    const before = readFileSync(path);
    const planned = tools.changes.plan([set(path, "key", "new")]);
    expect(await codeOf(() => tools.changes.apply("x", planned))).toBe("store_unavailable");
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(tools.home)).toHaveLength(1);
    expect(await tools.changes.list()).toEqual([]);
  });
});
