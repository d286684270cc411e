import { describe, expect, test } from "bun:test";
import { type CliRunOptions, runCommand } from "./cli.testing.ts";
import { ScanProgressLine } from "./scan-progress.ts";
import type { ScanDocument, ScanItem } from "./scan-report.ts";
import { sarifLog } from "./scan-sarif.ts";

const item = (fields: Partial<ScanItem> = {}): ScanItem => ({
  rule: "openai-project",
  title: "OpenAI project key",
  severity: "high",
  path: "/home/ada/.env",
  line: 3,
  column: 7,
  masked: "sk-proj-…abcd",
  provider: "openai",
  readers: "owner",
  tool: "dotenv",
  fix: "take it out",
  group: 1,
  ...fields,
});

const found = (...items: ScanItem[]): ScanDocument => ({
  items,
  notices: [],
  streams: 1234,
  sizeBytes: 5_000_000,
  threads: 1,
  informationOnly: 0,
});

const run = (argv: readonly string[], document: ScanDocument, options: CliRunOptions = {}) =>
  runCommand(argv, {
    ...options,
    answers: { "scan.run": document },
    context: { environment: { HOME: "/home/ada" }, ...options.context },
  });

describe("scan", () => {
  test("one key in several places is told once, with what it means, what mends it and its wrong settings", async () => {
    const { code, stdout } = await run(
      ["scan"],
      found(
        item(),
        item({ path: "/srv/app.py", line: 9, readers: "everyone" }),
        item({ rule: "settings/tracked", title: "git keeps this file", path: "/srv/app.py", fix: "git rm" }),
      ),
    );
    expect(code).toBe(7);
    expect(stdout).toBe(`high     OpenAI project key  sk-proj-…abcd, in 2 places
         ~/.env:3  (dotenv; only you can read it)
         /srv/app.py:9  (dotenv; every user of this machine can read it)
         it lies in plain text: every program that you start can read it
         → take it out
         /srv/app.py:3: git keeps this file
         → git rm

1 key and 1 wrong setting found; looked at 1,234 files and texts (5.0 MB)
`);
  });

  test("nothing found is exit code 0, also when there is information", async () => {
    const nothing = await run(["scan"], { ...found(), informationOnly: 2 });
    expect(nothing.code).toBe(0);
    expect(nothing.stdout).toContain("no key and no wrong setting found");
    expect(nothing.stdout).toContain("--all");
    expect((await run(["scan", "--all"], found(item({ severity: "info" })))).code).toBe(0);
  });

  test("paths are made absolute, and options say what to look at", async () => {
    const { calls } = await run(["scan", "src", "/abs", "--git", "--env", "--baseline", "b.json"], found());
    expect(calls[0]?.input).toMatchObject({
      paths: ["/project/src", "/abs"],
      workingDirectory: "/project",
      git: true,
      processes: true,
      staged: false,
      baseline: "/project/b.json",
    });
  });

  test("what was not looked at is told; what is ordinary only when asked for", async () => {
    const notices = [
      { reason: "unreadable", path: "/root/x", message: "you may not read it" },
      { reason: "gone", path: "/tmp/y", message: "it is gone" },
    ];
    const { stderr } = await run(["scan"], { ...found(), notices });
    expect(stderr).toContain("/root/x: you may not read it");
    expect(stderr).not.toContain("/tmp/y");
    expect((await run(["scan", "--all"], { ...found(), notices })).stderr).toContain("/tmp/y");
  });

  test("names that others chose steer no terminal", async () => {
    const { stdout } = await run(
      ["scan"],
      found(item({ path: "/tmp/\u001b[2J\nx", title: "\u001b]0;t\u0007" })),
    );
    expect(stdout).not.toMatch(/[\u001b\u0007]/);
    expect(stdout.split("\n")).toHaveLength(7);
    const notices = [{ reason: "unreadable", path: "/tmp/x\nno key found", message: "you may not read it" }];
    const { stderr } = await run(["scan"], { ...found(), notices });
    expect(stderr.split("\n")).toHaveLength(2);
  });

  test("a history or change that could not be looked at is no clean result", async () => {
    const notices = [
      { reason: "source_failed", path: "/project", message: "there is no git repository here" },
    ];
    const { code, stdout, stderr } = await run(["scan", "--git"], { ...found(), notices });
    expect(code).toBe(1);
    expect(stdout).toContain("not everything could be looked at");
    expect(stderr).toContain("there is no git repository here");
  });

  test("many places are counted, and listed with --all", async () => {
    const many = found(...Array.from({ length: 30 }, (_, index) => item({ line: index + 1 })));
    expect((await run(["scan"], many)).stdout).toContain("… and 22 more; --all lists them");
    expect((await run(["scan", "--all"], many)).stdout).toContain("~/.env:30");
  });

  test("writing a baseline succeeds whatever is found; two formats at once are refused", async () => {
    expect((await run(["scan", "--write-baseline", "b.json"], found(item()))).code).toBe(0);
    expect((await run(["scan", "--json", "--sarif"], found())).code).toBe(2);
  });
});

describe("SARIF", () => {
  test("paths in the folder are relative to it, others are URIs; findings without lines have no region", () => {
    const log = JSON.stringify(
      sarifLog([item({ path: "/project/a b.py" }), item({ path: "/else/c.py", line: 0 })], "/project"),
    );
    expect(log).toContain(
      '{"artifactLocation":{"uri":"a%20b.py","uriBaseId":"SRCROOT"},"region":{"startLine":3,"startColumn":7}}',
    );
    expect(log).toContain('{"artifactLocation":{"uri":"file:///else/c.py"}}');
    const staged = JSON.stringify(sarifLog([item({ path: "http://host.example/x" })], "/project"));
    expect(staged).toContain('{"uri":"http%3A//host.example/x"}');
  });

  test("a finding is known again when lines move, and told apart by place and secret", () => {
    const prints = (...items: ScanItem[]) =>
      [...JSON.stringify(sarifLog(items, "/")).matchAll(/"ownkey\/v1":"(\w+)"/g)].map(([, print]) => print);
    const [first, moved, other] = prints(item(), item({ line: 50 }), item({ masked: "sk-proj-…wxyz" }));
    expect(moved).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe("progress", () => {
  const progress = { path: "/a\u001b[2J", streams: 10, sizeBytes: 2_000_000, findings: 1 };
  const watch = (interactive: boolean, times: readonly number[]) => {
    let written = "";
    const left = [...times];
    const context = { interactive, stderr: { write: (text: string) => void (written += text) } };
    const line = new ScanProgressLine(context, () => left.shift() ?? 0);
    for (let i = 1; i < times.length; i++) line.show(progress);
    line.clear();
    return written;
  };

  test("a long scan shows one line on a terminal, a few times a second, and takes it away", () => {
    const written = watch(true, [0, 100, 500, 510, 700]);
    expect(written.match(/10 looked at, 2 MB, 1 found/g)).toHaveLength(2);
    expect(written).toEndWith("\r\u001b[K");
    expect(written).not.toContain("\u001b[2J");
  });

  test("a short scan, and one whose output is no terminal, show none", () => {
    expect(watch(true, [0, 100, 200])).toBe("");
    expect(watch(false, [0, 1000, 2000])).toBe("");
  });
});

describe("scan --staged and the guard", () => {
  const staged = found(item({ path: "app.py" }), item({ path: "b c.py", line: 9 }));

  test("tell the same finding in the same words, with the same advice and exit code", async () => {
    const scanned = await run(["scan", "--staged"], staged);
    const refused = await run(["guard", "run", "pre-commit"], staged, {
      context: { environment: { HOME: "/home/ada", GIT_PREFIX: "below/" } },
    });
    expect([scanned.code, refused.code]).toEqual([7, 7]);
    const [head, ...told] = scanned.stdout.split("\n");
    expect(head).toBe("the next commit would hold a key:");
    expect(told.slice(0, 3)).toEqual([
      "  app.py:3  OpenAI project key  sk-proj-…abcd",
      "  b c.py:9  OpenAI project key  sk-proj-…abcd",
      "",
    ]);
    expect(refused.stderr.split("\n").slice(1, -2)).toEqual(told.slice(0, -1));
  });

  test("give the same document with --json, also when nothing is found", async () => {
    for (const document of [staged, found()]) {
      const scanned = await run(["scan", "--staged", "--json"], document);
      const guarded = await run(["guard", "run", "pre-commit", "--json"], document);
      expect(JSON.parse(guarded.stdout)).toEqual(JSON.parse(scanned.stdout));
      expect([guarded.code, guarded.stderr]).toEqual([scanned.code, scanned.stderr]);
    }
  });

  test("tell a key also when something else could not be looked at", async () => {
    const notices = [{ reason: "source_failed", path: "/project", message: "two contents are missing" }];
    for (const argv of [
      ["scan", "--staged"],
      ["guard", "run", "pre-commit"],
    ]) {
      const { code, stdout, stderr } = await run(argv, { ...staged, notices });
      expect(code).toBe(7);
      expect(stdout + stderr).toContain("app.py:3");
      expect(stderr).toContain("/project: two contents are missing");
    }
  });

  test("beside other places, a staged key is told as all are", async () => {
    for (const more of [["."], ["--env"], ["--git"]]) {
      expect((await run(["scan", "--staged", ...more], staged)).stdout).toContain(
        "1 key and 0 wrong settings found",
      );
    }
  });
});

describe("guard run", () => {
  test("a clean change passes without a word", async () => {
    expect(await run(["guard", "run", "pre-commit"], found())).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });

  test("a change that could not be looked at does not pass", async () => {
    const notices = [{ reason: "source_failed", path: "/project", message: "it cannot be read" }];
    const { code, stderr } = await run(["guard", "run", "pre-commit"], { ...found(), notices });
    expect(code).toBe(1);
    expect(stderr).toContain("git commit --no-verify");
  });

  test("a push is looked at by what git says is pushed", async () => {
    const { code, stderr, calls } = await run(["guard", "run", "pre-push", "origin", "url"], found(item()), {
      stdin: "refs/heads/main 1 refs/heads/main 0\n",
    });
    expect(code).toBe(7);
    expect(calls[0]?.input).toMatchObject({ pushed: "refs/heads/main 1 refs/heads/main 0\n" });
    expect(stderr).toContain("this push holds a key");
    expect(stderr).toContain("git commit --amend");
  });

  test("file names are safe to copy into a shell", async () => {
    const { stderr } = await run(["guard", "run", "pre-commit"], found(item({ path: "a b'; rm x" })));
    expect(stderr).toContain(`git add 'a b'\\''; rm x'`);
  });

  test("another hook is refused", async () => {
    expect((await run(["guard", "run", "post-merge"], found())).code).toBe(2);
  });
});
