import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative } from "node:path";
import * as fc from "fast-check";
import { IgnoreFile } from "./ignore-file.ts";
import { pathsSource } from "./paths.ts";
import { eventsOf, groqKey, testFolder } from "./sources.testing.ts";

let folder: ReturnType<typeof testFolder>;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

/** `path` for a finding, `reason path` for a notice, relative to the folder. */
async function seen(...paths: string[]): Promise<string[]> {
  const roots = paths.length === 0 ? [folder.path] : paths.map((path) => join(folder.path, path));
  return (await eventsOf(pathsSource({ paths: roots }))).map((event) =>
    event.type === "finding"
      ? relative(folder.path, event.origin.path)
      : `${event.reason} ${relative(folder.path, event.path)}`,
  );
}

test("what .gitignore hides is looked at; packages, build outputs and caches are not, unless named", async () => {
  folder.write(".gitignore", ".env\n*\n");
  for (const name of [
    ".env",
    "deep/er/notes.txt",
    "build/plain.txt",
    "nested/.git/config",
    "nested/.git/hooks/prepare-commit-msg",
    "nested/.git/hooks/pre-push.sample",
    "nested/.git/objects/x",
  ]) {
    folder.write(name, groqKey(1));
  }
  for (const name of [
    "node_modules/a/index.js",
    "app/dist/a.js",
    "app/.next/x.js",
    "rust/target/debug.txt",
  ]) {
    folder.write(name, groqKey(2));
  }
  folder.write("app/package.json", "{}");
  folder.write("rust/Cargo.toml", "");
  expect(await seen()).toEqual([
    ".env",
    "ignored app/.next",
    "ignored app/dist",
    "build/plain.txt",
    "deep/er/notes.txt",
    "nested/.git/config",
    "nested/.git/hooks/prepare-commit-msg",
    "ignored node_modules",
    "ignored rust/target",
  ]);
  expect(await seen("node_modules/a", "app/dist/a.js")).toEqual(["node_modules/a/index.js", "app/dist/a.js"]);
});

test.skipIf(process.platform === "darwin")("a name that is no UTF-8 hides nothing", async () => {
  const at = (name: string) => Buffer.from(`${folder.path}/${name}`, "latin1");
  writeFileSync(at("caf\u00e9.env"), groqKey(1));
  mkdirSync(at("\u00ff"));
  writeFileSync(at("\u00ff/deep.env"), groqKey(2));
  mkdirSync(at("\u00ff/node_modules"));
  writeFileSync(at("\u00ff/node_modules/x.js"), groqKey(3));
  folder.write("\ufffd.txt", groqKey(4));
  folder.write("z.txt", groqKey(5));
  expect((await seen()).toSorted()).toEqual(["caf\ufffd.env", "z.txt", "\ufffd.txt", "\ufffd/deep.env"]);
});

test("a pipe in place of an ignore file is not waited for", async () => {
  folder.write("a.txt", groqKey(1));
  Bun.spawnSync(["mkfifo", join(folder.path, ".ownkeyignore")]);
  expect((await seen()).toSorted()).toEqual(["a.txt", "not_a_file .ownkeyignore"]);
}, 10_000);

test("pictures and archives are passed over by their names; databases are looked at", async () => {
  for (const name of ["a.png", "b.zip", "c.woff2"]) folder.write(name, groqKey(1));
  folder.write("d.sqlite", `SQLite\0\0${groqKey(1)}\0`);
  expect(await seen()).toEqual(["d.sqlite"]);
});

test("each .ownkeyignore counts below its folder, the nearer and later line first", async () => {
  folder.write(".ownkeyignore", "# fixtures\n*.snap\n/only-here.txt\nsub/deep/\n!keep.snap\n");
  folder.write("sub/.ownkeyignore", "!*.snap\n");
  for (const name of [
    "a.snap",
    "keep.snap",
    "only-here.txt",
    "sub/b.snap",
    "sub/deep/c.txt",
    "sub/only-here.txt",
  ]) {
    folder.write(name, groqKey(1));
  }
  expect(await seen()).toEqual(["keep.snap", "sub/b.snap", "ignored sub/deep", "sub/only-here.txt"]);
});

test("links that lead nowhere, in circles or to folders, pipes and sockets are told and never followed", async () => {
  folder.write("tree/real.txt", groqKey(1));
  folder.write("elsewhere/secret.txt", groqKey(2));
  const link = (target: string, name: string) => symlinkSync(target, join(folder.path, "tree", name));
  link(join(folder.path, "tree"), "circle");
  link("self", "self");
  link("nowhere", "broken");
  link("../elsewhere", "folder");
  link("../elsewhere/secret.txt", "file");
  link("real.txt", "twice");
  Bun.spawnSync(["mkfifo", join(folder.path, "tree/pipe")]);
  const server = createServer().listen(join(folder.path, "tree/socket"));
  try {
    expect(await seen("tree")).toEqual([
      "broken_link tree/broken",
      "tree/file",
      "ignored tree/folder",
      "not_a_file tree/pipe",
      "tree/real.txt",
      "link_loop tree/self",
      "not_a_file tree/socket",
    ]);
  } finally {
    server.close();
  }
  expect(await seen("tree/folder", "tree/twice", "tree/broken", "absent")).toEqual([
    "tree/folder/secret.txt",
    "tree/twice",
    "broken_link tree/broken",
    "gone absent",
  ]);
});

test("a finding tells who can read the file, and is worse when others can", async () => {
  const file = folder.write("open/key", groqKey(1));
  chmodSync(folder.path, 0o755);
  for (const [mode, readers, severity] of [
    [0o600, "owner", "high"],
    [0o640, "group", "critical"],
    [0o644, "everyone", "critical"],
  ] as const) {
    chmodSync(file, mode);
    const [event] = await eventsOf(pathsSource({ paths: [file] }));
    expect(event).toMatchObject({ severity, origin: { readers } });
  }
  chmodSync(join(folder.path, "open"), 0o700);
  const [event] = await eventsOf(pathsSource({ paths: [file] }));
  expect(event).toMatchObject({ severity: "high", origin: { readers: "owner" } });
});

test.skipIf(process.getuid?.() === 0)("what may not be read is told", async () => {
  chmodSync(folder.write("locked.txt", groqKey(1)), 0);
  mkdirSync(join(folder.path, "shut"), { mode: 0 });
  expect(await seen()).toEqual(["unreadable locked.txt", "unreadable shut"]);
});

test("whatever stands in an ignore file, it can be read and asked", () => {
  const line = fc.oneof(
    fc.constantFrom("*", "**/", "!", "/", "[", "{a,b}", "\\", "a/**/b", "#", "?"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.array(line).map((parts) => parts.join(""))), fc.string(), (lines, path) => {
      expect([true, false, undefined]).toContain(new IgnoreFile(lines.join("\n")).ignores(path, true));
    }),
  );
});

test.each([
  ["*.log", "a/b/c.log", true],
  ["*.log", "a/b/c.txt", undefined],
  ["/a.log", "b/a.log", undefined],
  ["docs/*.md", "docs/a.md", true],
  ["docs/*.md", "docs/b/a.md", undefined],
  ["docs/**/a.md", "docs/b/c/a.md", true],
  ["{a}", "{a}", true],
  ["{a}", "a", undefined],
  ["#a", "#a", undefined],
  ["a ", "a", true],
])("the line %s and the path %s", (line, path, expected) => {
  expect(new IgnoreFile(line).ignores(path, false)).toBe(expected);
});
