import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGit } from "./sources/git.testing.ts";
import { oneForEachHistory, repositoryAround, repositoryOf } from "./repositories.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "ownkey-repositories-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function git(...args: string[]): void {
  runGit(root, ...args);
}

const at = (path: string) => join(root, path);

git("init", "-q", "main");
git("-C", "main", "commit", "-q", "--allow-empty", "-m", "begin");
git("-C", "main", "worktree", "add", "-q", "../tree");
git("init", "-q", "outer");
git("-C", "outer", "submodule", "--quiet", "add", "../main", "inner");
git("clone", "-q", "--bare", "main", "bare.git");
mkdirSync(at("plain/deep"), { recursive: true });

test("a repository is known by a file of it, also one without a work tree", () => {
  expect(repositoryOf(at("main/.git/config"))).toBe(at("main"));
  expect(repositoryOf(at("tree/.git"))).toBe(at("tree"));
  expect(repositoryOf(at("bare.git/HEAD"))).toBe(at("bare.git"));
  writeFileSync(at("plain/HEAD"), "no repository");
  expect(repositoryOf(at("plain/HEAD"))).toBeUndefined();
  expect(repositoryOf(at("main/readme"))).toBeUndefined();
});

test("the nearest one above a path is found", () => {
  mkdirSync(at("main/a/b"), { recursive: true });
  expect(repositoryAround(at("main/a/b"))).toBe(at("main"));
  expect(repositoryAround(at("outer/inner"))).toBe(at("outer/inner"));
  expect(repositoryAround(at("bare.git/objects"))).toBe(at("bare.git"));
});

test("a history is gone through once, however many work trees it has", () => {
  const all = ["tree", "main", "outer/inner", "outer", "bare.git"].map(at);
  expect(oneForEachHistory(all).toSorted()).toEqual(["bare.git", "main", "outer", "outer/inner"].map(at));
  expect(oneForEachHistory([at("tree")])).toEqual([at("tree")]);
  writeFileSync(at("plain/.git"), "gitdir: nowhere\n");
  expect(oneForEachHistory([at("plain"), at("nothing")])).toEqual([at("plain"), at("nothing")]);
});
