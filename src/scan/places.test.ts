import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expandPath } from "./expand-path.ts";
import { Places } from "./places.ts";

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
  put("work/.env.local");
  put("work/.claude/settings.json");
  put("work/readme.md");
  expect(pathsOf(placesAt(), join(home, "work"))).toEqual([
    "~/.bashrc",
    "~/.codex/auth.json",
    "~/.config/Cursor/User/profiles/-1ab/settings.json",
    "~/.config/Cursor/User/settings.json",
    "~/work/.claude/settings.json",
    "~/work/.env.local",
  ]);
});

test("a file of the user's own is the user's, also when the working folder is the home; a project's is the project's", () => {
  const own = put(".claude/settings.json");
  const project = put("work/.claude/settings.json");
  const places = placesAt();
  expect(places.placeOf(own)?.scope).toBe("user");
  expect(places.placeOf(project)).toMatchObject({ scope: "project", tool: "claude-code", beforeTrust: true });
  expect(places.placeOf(put("work/main.ts"))).toBeUndefined();
});

test("links to nowhere, folders and broken databases are told or passed over, never fatal", () => {
  mkdirSync(join(home, ".zshrc"));
  symlinkSync(join(home, "nowhere"), join(home, ".profile"));
  put(".config/Cursor/User/globalStorage/state.vscdb", "no database");
  expect(pathsOf(placesAt())).toEqual(["unreadable ~/.config/Cursor/User/globalStorage/state.vscdb"]);
});
