import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { concatBytes, utf8 } from "../../kernel/index.ts";
import { addedLines } from "./added-lines.ts";
import { ByteReader } from "./byte-reader.ts";
import { GIT_ENVIRONMENT as env, runGit } from "./git.testing.ts";
import { historySource } from "./history.ts";
import { readChanges } from "./raw-changes.ts";
import { eventsOf, findingsOf, groqKey, testFolder } from "./sources.testing.ts";
import { stagedSource } from "./staged.ts";

let folder: ReturnType<typeof testFolder>;
const place = () => ({ folder: folder.path, env });

function git(...args: string[]): string {
  return runGit(folder.path, ...args);
}

function commit(message: string): string {
  git("add", "-A");
  git("commit", "-q", "--no-verify", "-m", message);
  return git("rev-parse", "HEAD");
}

beforeEach(() => {
  folder = testFolder();
  git("init", "-q");
});
afterEach(() => folder.remove());

test("a key that was taken out again is found at the commit that brought it in, once", async () => {
  folder.write("a.txt", `one\nkey=${groqKey(1)}\n`);
  const first = commit("first");
  folder.write("copy.txt", `one\nkey=${groqKey(1)}\n`);
  commit("the same content again");
  rmSync(join(folder.path, "a.txt"));
  rmSync(join(folder.path, "copy.txt"));
  folder.write("other name, with ü.txt", "harmless");
  commit("gone");
  const findings = await findingsOf(historySource(place()));
  expect(findings.map(({ origin, line, column }) => ({ ...origin, line, column }))).toEqual([
    { kind: "git", path: "a.txt", commit: first, readers: "repository", line: 2, column: 5 },
  ]);
  expect(findings[0]?.severity).toBe("critical");
});

test("branches, merges, tags and stashes are looked at", async () => {
  folder.write("base", "x");
  commit("base");
  git("checkout", "-q", "-b", "side");
  folder.write("side", groqKey(1));
  commit("side");
  git("checkout", "-q", "main");
  folder.write("base", "y");
  commit("main goes on");
  git("merge", "-q", "--no-ff", "--no-commit", "side");
  folder.write("evil", groqKey(2));
  commit("merge with something of its own");
  folder.write("base", groqKey(3));
  git("stash", "-q");
  git("checkout", "-q", "--orphan", "lost");
  folder.write("tagged", groqKey(4));
  commit("tagged only");
  git("tag", "old");
  git("checkout", "-q", "main");
  git("branch", "-q", "-D", "lost");
  const found = (await findingsOf(historySource(place()))).map(({ origin }) => origin.path);
  expect(found.toSorted()).toEqual(["base", "evil", "side", "tagged"]);
});

test("messages of commits and tags are looked at, and contents that only a tag points to", async () => {
  const first = (() => {
    folder.write("a", "x");
    return commit(`first\n\nthe key is ${groqKey(1)}, sorry\n`);
  })();
  git("tag", "-a", "v1", "-m", `with ${groqKey(2)}`);
  folder.write("b", groqKey(3));
  git("tag", "loose", git("hash-object", "-w", "b"));
  const found = await findingsOf(historySource(place()));
  expect(found.map(({ origin, line }) => `${origin.path}:${line}`).toSorted()).toEqual([
    ".git (commit message):3",
    ".git (refs/tags/loose):1",
    ".git (refs/tags/v1):6",
  ]);
  expect(found.find(({ line }) => line === 3)?.origin.commit).toBe(first);
});

test("what only this machine has is looked at too, and is not taken for what others can read", async () => {
  folder.write("base", groqKey(1));
  commit("base");
  git("checkout", "-q", "-b", "gone");
  folder.write("deleted", groqKey(2));
  commit("on a branch that goes");
  git("checkout", "-q", "main");
  git("branch", "-q", "-D", "gone");
  for (const seed of [3, 4]) {
    folder.write("base", groqKey(seed));
    git("stash", "-q");
  }
  folder.write("amended", groqKey(5));
  commit("to be amended");
  rmSync(join(folder.path, "amended"));
  git("add", "-A");
  git("commit", "-q", "--amend", "--allow-empty", "-m", "amended");
  git("gc", "-q");
  const found = await findingsOf(historySource(place()));
  expect(found.map(({ origin }) => `${origin.path} ${origin.readers ?? "here"}`).toSorted()).toEqual([
    "amended here",
    "base here",
    "base here",
    "base repository",
    "deleted here",
  ]);
});

test("of a push only what the other side does not have yet", async () => {
  folder.write("a", groqKey(1));
  const there = commit("there");
  folder.write("b", groqKey(2));
  const here = commit("here");
  const findings = await findingsOf(
    historySource({ ...place(), commits: [here, `^${there}`, "--all", "-x"] }),
  );
  expect(findings.map(({ origin }) => origin.path)).toEqual(["b"]);
});

test("of a commit what is staged counts, in the lines that change, and not the working tree", async () => {
  folder.write("old.txt", `first\nkey=${groqKey(1)}\nlast\n`);
  folder.write("same.txt", "x");
  commit("with an old key");
  folder.write("old.txt", `first, changed\nkey=${groqKey(1)}\nnew=${groqKey(2)}\nlast\n`);
  folder.write("new.txt", groqKey(3));
  git("add", "-A");
  folder.write("new.txt", "taken out in the working tree only");
  folder.write("unstaged.txt", groqKey(4));
  const findings = await findingsOf(stagedSource(place()));
  expect(findings.map(({ origin, line }) => [origin.kind, origin.path, line])).toEqual([
    ["staged", "new.txt", 1],
    ["staged", "old.txt", 3],
  ]);
  // Nobody else has it yet.
  for (const { origin, severity, fix } of findings) {
    expect({ readers: origin.readers, severity }).toEqual({ readers: undefined, severity: "high" });
    expect(fix).toContain("it has not left this machine, and need not be replaced");
  }
});

test("a staged content that cannot be read is told: it would be committed unseen", async () => {
  folder.write("a", groqKey(1));
  git("add", "-A");
  const id = git("rev-parse", ":a");
  rmSync(join(folder.path, ".git/objects", id.slice(0, 2), id.slice(2)), { force: true });
  expect(await eventsOf(stagedSource(place()))).toMatchObject([{ type: "notice", reason: "source_failed" }]);
});

test("before the first commit everything staged counts; with nothing staged there is nothing to look at", async () => {
  expect(await eventsOf(stagedSource(place()))).toEqual([]);
  folder.write("a", groqKey(1));
  git("add", "-A");
  expect((await findingsOf(stagedSource(place()))).length).toBe(1);
});

test("a repository cannot make the scan run anything", async () => {
  const witness = join(folder.path, "witness");
  const script = folder.write("run.sh", `#!/bin/sh\ntouch '${witness}'\n`);
  chmodSync(script, 0o755);
  folder.write(".gitattributes", "* diff=evil filter=evil\n");
  folder.write("a", groqKey(1));
  commit("first");
  folder.write("a", groqKey(2));
  git("add", "-A");
  for (const setting of [
    "core.fsmonitor",
    "core.pager",
    "core.sshCommand",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.smudge",
    "gpg.program",
    "core.editor",
    "credential.helper",
  ]) {
    git("config", setting, script);
  }
  git("config", "log.showSignature", "true");
  rmSync(witness, { force: true });
  expect((await findingsOf(stagedSource(place()))).length).toBe(1);
  expect((await findingsOf(historySource(place()))).length).toBe(1);
  expect(existsSync(witness)).toBeFalse();
});

test("a folder without a repository gives a notice that says so", async () => {
  rmSync(join(folder.path, ".git"), { recursive: true });
  for (const source of [historySource(place()), stagedSource(place())]) {
    const events = await eventsOf(source);
    expect(events).toMatchObject([{ type: "notice", reason: "source_failed" }]);
    expect(JSON.stringify(events)).toContain("not in a git repository");
  }
});

test("a history that git cannot go through, or an index that it cannot read, is told", async () => {
  for (const name of ["a", "b", "c"]) {
    folder.write(name, groqKey(1));
    commit(name);
  }
  const lost = git("rev-parse", "HEAD~1").trim();
  rmSync(join(folder.path, ".git/objects", lost.slice(0, 2), lost.slice(2)), { force: true });
  const history = await eventsOf(historySource(place()));
  expect(history).toMatchObject([{ type: "notice", reason: "source_failed" }]);
  folder.write(".git/index", "no index");
  expect(await eventsOf(stagedSource(place()))).toMatchObject([{ type: "notice", reason: "source_failed" }]);
});

test("however git's output is cut, the same changes are read", async () => {
  const id = (digit: string) => digit.repeat(40);
  const record = (mode: string, letter: string) => `:000000 ${mode} ${id("0")} ${id("b")} ${letter}\0`;
  const text = `${id("a")}\0${record("100644", "A")}a b\nü\0${record("120000", "A")}link\0${id("c")}\0\n${record("100755", "M")}:x\0`;
  const expected = [
    { id: id("b"), path: "a b\nü", commit: id("a") },
    { id: id("b"), path: ":x", commit: id("c") },
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 6 }), async (cuts) => {
      const reader = new ByteReader(inPieces(utf8(text), cuts));
      expect(await Array.fromAsync(readChanges(reader))).toEqual(expected);
    }),
  );
});

test("pieces of known size and up to a mark come whole, however the stream is cut", async () => {
  const part = fc.record({
    text: fc.stringMatching(/^[a-z]*$/),
    content: fc.uint8Array({ maxLength: 20 }),
    taken: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(part), fc.array(fc.nat(100)), async (parts, cuts) => {
      const whole = concatBytes(...parts.flatMap(({ text, content }) => [utf8(`${text}\n`), content]));
      const reader = new ByteReader(inPieces(whole, cuts));
      for (const { text, content, taken } of parts) {
        expect(await reader.textUntil(0x0a)).toBe(text);
        const chunks: Uint8Array[] = [];
        if (taken === 0) await reader.skip(content.length);
        else for await (const chunk of reader.take(content.length)) if (chunks.push(chunk) === taken) break;
        const got = concatBytes(...chunks);
        expect(got).toEqual(content.subarray(0, got.length));
      }
      expect(await reader.textUntil(0x0a)).toBeUndefined();
    }),
  );
});

test("of a longer text than is wanted the beginning is given, however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z]*$/)), fc.array(fc.nat(60)), async (texts, cuts) => {
      const reader = new ByteReader(inPieces(utf8(texts.map((text) => `${text}\n`).join("")), cuts));
      for (const text of texts) expect(await reader.textUntil(0x0a, 3)).toBe(text.slice(0, 3));
      expect(await reader.textUntil(0x0a, 3)).toBeUndefined();
    }),
  );
});

test("whatever git prints, reading it ends", async () => {
  const token = fc.constantFrom(
    "\0",
    "\n",
    ":100644 100644 ",
    "a".repeat(40),
    " A",
    "@@ -1 +2,3 @@",
    "+",
    "é",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(token), async (tokens) => {
      const bytes = utf8(tokens.join(""));
      expect(
        Array.isArray(await Array.fromAsync(readChanges(new ByteReader(inPieces(bytes, [3]))))),
      ).toBeTrue();
      expect(typeof (await addedLines(inPieces(bytes, [5])))(2)).toBe("boolean");
    }),
  );
});

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of cuts.toSorted((a, b) => a - b)) {
    if (cut <= from || cut >= bytes.length) continue;
    yield bytes.subarray(from, cut);
    from = cut;
  }
  yield bytes.subarray(from);
}
