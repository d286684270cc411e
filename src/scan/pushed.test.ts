import { afterEach, beforeEach, expect, test } from "bun:test";
import { pushedSource } from "./pushed.ts";
import { GIT_ENVIRONMENT as env, runGit } from "./sources/git.testing.ts";
import { findingsOf, groqKey, testFolder } from "./sources/sources.testing.ts";

let folder: ReturnType<typeof testFolder>;
const ZEROS = "0".repeat(40);

beforeEach(() => {
  folder = testFolder();
  git("init", "-q");
});
afterEach(() => folder.remove());

function git(...args: string[]): string {
  return runGit(folder.path, ...args);
}

function commit(name: string, content: string, message = name): string {
  folder.write(name, content);
  git("add", "-A");
  git("commit", "-q", "-m", message);
  return git("rev-parse", "HEAD");
}

async function pathsIn(told: string, more: Record<string, string> = {}): Promise<string[]> {
  const source = pushedSource({ folder: folder.path, env: { ...env, ...more } }, told);
  return (await findingsOf(source)).map(({ origin }) => origin.path).toSorted();
}

test("what no remote is known to have is looked at; a branch that is deleted there brings nothing", async () => {
  const there = commit("there", groqKey(1));
  git("update-ref", "refs/remotes/origin/main", there);
  const here = commit("here", groqKey(2), `a key: ${groqKey(3)}`);
  expect(await pathsIn(`refs/heads/main ${here} refs/heads/main ${there}\n`)).toEqual([
    ".git (commit message)",
    "here",
  ]);
  expect(await pathsIn(`(delete) ${ZEROS} refs/heads/main ${there}\n`)).toEqual([]);
});

test("a tag is pushed with its message, and a content that it points to by itself is looked at", async () => {
  const there = commit("there", "x");
  git("update-ref", "refs/remotes/origin/main", there);
  git("tag", "-a", "v1", "-m", groqKey(1));
  git("tag", "loose", git("hash-object", "-w", folder.write("b", groqKey(2))));
  const line = (tag: string) => `refs/tags/${tag} ${git("rev-parse", tag)} refs/tags/${tag} ${ZEROS}\n`;
  expect(await pathsIn(line("v1") + line("loose"))).toEqual([
    ".git (refs/tags/loose)",
    ".git (refs/tags/v1)",
  ]);
});

test("a hook manager that tells nothing of what is pushed does not switch the guard off", async () => {
  const there = commit("there", groqKey(1));
  git("update-ref", "refs/remotes/origin/main", there);
  git("checkout", "-q", "-b", "other");
  const other = commit("other", groqKey(2));
  git("checkout", "-q", "main");
  expect(await pathsIn("")).toEqual([]);
  commit("here", groqKey(3));
  expect(await pathsIn("\n")).toEqual(["here"]);
  expect(await pathsIn("", { PRE_COMMIT_TO_REF: other })).toEqual(["other"]);
});

test("before the first commit there is nothing to push", async () => {
  expect(await pathsIn("")).toEqual([]);
});
