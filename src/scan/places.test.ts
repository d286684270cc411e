import { Database } from "bun:sqlite";
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expandPath } from "./expand-path.ts";
import { Places } from "./places.ts";
import { checkObfuscated } from "./settings/obfuscated.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-places-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(root, "home-"));
});

function put(path: string, text = "content"): string {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

const placesAt = () => new Places({ platform: "linux", home, env: {} });

function pathsOf(places: Places, folder = home): string[] {
  const paths: string[] = [];
  for (const item of places.streams([...places.found, ...places.inProject(folder)])) {
    paths.push("reason" in item ? `${item.reason} ${item.path}` : item.origin.path);
  }
  // What administrators of this machine have set is there as well.
  return paths
    .filter((path) => path.includes(home))
    .map((path) => path.replace(home, "~"))
    .toSorted();
}

test("a star stands for every name of a folder, in order; what is not there stands for nothing", () => {
  put("p/b/settings.json");
  put("p/a/settings.json");
  put("p/c/other.json");
  expect(expandPath(join(home, "p/*/settings.json"))).toEqual([
    join(home, "p/a/settings.json"),
    join(home, "p/b/settings.json"),
  ]);
  expect(expandPath(join(home, "absent/*/x"))).toEqual([]);
});

test("all profiles of an editor, shell files and a project's files are looked at, and nothing that is not there", () => {
  put(".config/Cursor/User/settings.json");
  put(".config/Cursor/User/profiles/-1ab/settings.json");
  put(".codex/auth.json");
  put(".bashrc");
  put("code/.env.local");
  put("code/.claude/settings.json");
  put("code/readme.md");
  expect(pathsOf(placesAt(), join(home, "code"))).toEqual([
    "~/.bashrc",
    "~/.codex/auth.json",
    "~/.config/Cursor/User/profiles/-1ab/settings.json",
    "~/.config/Cursor/User/settings.json",
    "~/code/.claude/settings.json",
    "~/code/.env.local",
  ]);
});

test("a file of the user's own is the user's, also when the working folder is the home; a project's is the project's", () => {
  const own = put(".claude/settings.json");
  const project = put("code/.claude/settings.json");
  const places = placesAt();
  expect(places.placeOf(own)?.scope).toBe("user");
  expect(places.placeOf(project)).toMatchObject({ scope: "project", tool: "claude-code", beforeTrust: true });
  expect(places.placeOf(put("code/main.ts"))).toBeUndefined();
});

test("links to nowhere, folders and broken databases are told or passed over, never fatal", () => {
  mkdirSync(join(home, ".zshrc"));
  symlinkSync(join(home, "nowhere"), join(home, ".profile"));
  put(".config/Cursor/User/globalStorage/state.vscdb", "no database");
  expect(pathsOf(placesAt())).toEqual(["unreadable ~/.config/Cursor/User/globalStorage/state.vscdb"]);
});

test("an editor's secrets under a password that is the same everywhere are told, others are not", () => {
  const path = join(home, ".config/Cursor/User/globalStorage/state.vscdb");
  mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path);
  database.run("CREATE TABLE ItemTable (key TEXT UNIQUE, value BLOB)");
  const insert = database.query("INSERT INTO ItemTable VALUES (?, ?)");
  const buffer = (text: string) => JSON.stringify(Buffer.from(text));
  insert.run("secret://cursorAuth/openAIKey", buffer("v10xyz"));
  insert.run("secret://cursorAuth/googleKey", buffer("v11xyz"));
  insert.run("secret://cursorAuth/claudeKey", buffer(""));
  database.close();
  const places = placesAt();
  expect(pathsOf(places)).toHaveLength(3);
  expect(places.obfuscated).toEqual([{ path, row: "ItemTable secret://cursorAuth/openAIKey" }]);
  expect(checkObfuscated(places.obfuscated, "linux").map(({ rule }) => rule)).toEqual([
    "settings/obfuscated",
  ]);
  expect(checkObfuscated(places.obfuscated, "darwin")).toEqual([]);
});

test("what a program keeps in its log alone is looked at too, and nothing is put beside it", () => {
  const path = join(home, ".config/Cursor/User/globalStorage/state.vscdb");
  mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path);
  // Then there is no file through which others could read the log.
  database.run("PRAGMA locking_mode=EXCLUSIVE");
  database.run("PRAGMA journal_mode=wal");
  database.run("CREATE TABLE ItemTable (key TEXT UNIQUE, value BLOB)");
  const before = readdirSync(dirname(path)).toSorted();
  expect(before).toEqual(["state.vscdb", "state.vscdb-wal"]);
  expect(pathsOf(placesAt())).toContain("~/.config/Cursor/User/globalStorage/state.vscdb-wal");
  expect(readdirSync(dirname(path)).toSorted()).toEqual(before);
  database.close();
});

test("databases of tools are known with the files that SQLite keeps beside them", () => {
  const path = put(".config/Cursor/User/globalStorage/state.vscdb");
  const places = placesAt();
  expect([path, `${path}-wal`, `${path}-shm`].every((one) => places.isDatabase(one))).toBe(true);
  expect(places.isDatabase(`${path}.txt`)).toBe(false);
});
