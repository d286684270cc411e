import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppError } from "../../kernel/index.ts";
import { guardStatus, installGuard, uninstallGuard } from "./guard.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "ownkey-guard-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = "";
let program = "";

beforeEach(() => {
  folder = mkdtempSync(join(root, "r-"));
  git("init", "-q", "-b", "main");
  program = script(
    join(mkdtempSync(join(root, "bin's ")), "ownkey"),
    `echo "ownkey $*" >> "${folder}/called"; cat >> "${folder}/called"`,
  );
});

function run(...command: readonly string[]): { code: number; stderr: string } {
  const { exitCode, stderr } = Bun.spawnSync([...command], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: root,
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.com",
      GIT_COMMITTER_NAME: "Ada",
      GIT_COMMITTER_EMAIL: "ada@example.com",
    },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  return { code: exitCode, stderr: stderr.toString() };
}

function git(...args: readonly string[]) {
  return run("git", ...args);
}

function script(path: string, body: string): string {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const called = () => (existsSync(join(folder, "called")) ? readFileSync(join(folder, "called"), "utf8") : "");

function commit(name: string) {
  writeFileSync(join(folder, name), "text");
  git("add", name);
  return git("commit", "-q", "-m", name);
}

describe.skipIf(process.platform === "win32")("guard", () => {
  test("each commit runs the guard, each push runs it with the remote and what is pushed", () => {
    expect(installGuard(folder, program).hooks.every(({ installed }) => installed)).toBe(true);
    expect(commit("a").code).toBe(0);
    expect(called()).toBe("ownkey guard run pre-commit\n");
    Bun.spawnSync(["git", "init", "-q", "--bare", join(folder, "remote.git")]);
    expect(git("push", "-q", join(folder, "remote.git"), "main").code).toBe(0);
    expect(called()).toMatch(
      /ownkey guard run pre-push \S+remote\.git \S+remote\.git\nrefs\/heads\/main [0-9a-f]{40} refs\/heads\/main 0{40}\n/,
    );
  });

  test("what the guard refuses is not committed", () => {
    installGuard(folder, script(join(folder, "refuses"), "exit 7"));
    expect(commit("a").code).not.toBe(0);
    expect(git("rev-parse", "--verify", "-q", "HEAD").code).not.toBe(0);
  });

  test("a guard whose program is gone lets nothing through, and says what to do", () => {
    installGuard(folder, join(folder, "gone"));
    const { code, stderr } = commit("a");
    expect(code).not.toBe(0);
    expect(stderr).toContain("git commit --no-verify");
  });

  test("a hook that was there is called first, may refuse, and comes back when the guard goes", () => {
    const hook = script(
      join(folder, ".git/hooks/pre-commit"),
      `echo before >> "${folder}/called"; [ ! -e stop ]`,
    );
    const text = readFileSync(hook, "utf8");
    installGuard(folder, program);
    installGuard(folder, program);
    expect(guardStatus(folder).hooks[0]).toEqual({
      hook: "pre-commit",
      installed: true,
      previous: "pre-commit.before-ownkey",
    });
    expect(commit("a").code).toBe(0);
    expect(called()).toBe("before\nownkey guard run pre-commit\n");
    writeFileSync(join(folder, "stop"), "");
    expect(commit("b").code).not.toBe(0);
    expect(called()).toEndWith("before\n");
    expect(uninstallGuard(folder).hooks.some(({ installed }) => installed)).toBe(false);
    expect(readFileSync(hook, "utf8")).toBe(text);
    expect(existsSync(`${hook}.before-ownkey`)).toBe(false);
  });

  test("a pre-push hook that was there gets what is pushed as well", () => {
    script(
      join(folder, ".git/hooks/pre-push"),
      `echo "before $1" >> "${folder}/called"; cat >> "${folder}/called"`,
    );
    installGuard(folder, program);
    commit("a");
    Bun.spawnSync(["git", "init", "-q", "--bare", join(folder, "remote.git")]);
    git("push", "-q", "./remote.git", "main");
    expect(called().match(/refs\/heads\/main/g)).toHaveLength(4);
  });

  test("core.hooksPath is respected; a folder for all repositories is told", () => {
    git("config", "core.hooksPath", ".githooks");
    expect(installGuard(folder, program)).toMatchObject({
      hooksFolder: join(folder, ".githooks"),
      hooksShared: false,
    });
    expect(commit("a").code).toBe(0);
    expect(called()).toContain("pre-commit");
    git("config", "core.hooksPath", join(root, "all-hooks"));
    expect(guardStatus(folder).hooksShared).toBe(true);
  });

  test("uninstalled, everything is as it was: folders, links to nothing, hooks that are not run", () => {
    const tree = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => !path.includes("/objects/"))
        .map(
          (path) =>
            `${path} ${lstatSync(path).mode} ${lstatSync(path).isSymbolicLink() && readlinkSync(path)}`,
        )
        .toSorted();
    for (const prepare of [
      () => rmSync(join(folder, ".git/hooks"), { recursive: true }),
      () => git("config", "core.hooksPath", "some/where/hooks"),
      () => {
        git("config", "--unset", "core.hooksPath");
        mkdirSync(join(folder, ".git/hooks"));
        symlinkSync("nowhere", join(folder, ".git/hooks/pre-push"));
        writeFileSync(join(folder, ".git/hooks/pre-commit"), "not executable", { mode: 0o644 });
      },
    ]) {
      prepare();
      const before = tree();
      installGuard(folder, program);
      expect(commit(`${before.length}`).code).toBe(0);
      git("update-ref", "-d", "HEAD");
      git("rm", "-rfq", "--cached", ".");
      for (const name of ["called", `${before.length}`]) rmSync(join(folder, name), { force: true });
      installGuard(folder, program);
      uninstallGuard(folder);
      rmSync(join(folder, ".git/logs"), { recursive: true, force: true });
      const left = (path: string) => !/\/\.git\/(?:logs|objects|index|COMMIT_EDITMSG|refs)/.test(path);
      expect(tree().filter(left)).toEqual(before.filter(left));
    }
  });

  test("hooks that the repository keeps are everybody's: nothing is changed, and what to add is told", () => {
    git("config", "core.hooksPath", ".githooks");
    mkdirSync(join(folder, ".githooks"));
    const hook = script(join(folder, ".githooks/pre-commit"), "exit 0");
    git("add", ".githooks");
    const before = readFileSync(hook, "utf8");
    const { manager, hooks } = installGuard(folder, program);
    expect(manager?.snippet).toContain("ownkey guard run pre-commit");
    expect(hooks.some(({ installed }) => installed)).toBe(false);
    expect(readFileSync(hook, "utf8")).toBe(before);
    writeFileSync(hook, `${before}ownkey guard run pre-commit || exit\n`);
    expect(guardStatus(folder).hooks.map(({ installed }) => installed)).toEqual([true, false]);
  });

  test("hooks that git does not look for any more are taken out as well", () => {
    installGuard(folder, program);
    git("config", "core.hooksPath", ".githooks");
    uninstallGuard(folder);
    expect(existsSync(join(folder, ".git/hooks/pre-commit"))).toBe(false);
  });

  test("where no hook can be written, and where there is no folder, it says so", () => {
    git("config", "core.hooksPath", "/dev/null");
    const codeOf = (work: () => unknown) => {
      try {
        work();
        return undefined;
      } catch (error) {
        return (error as AppError).code;
      }
    };
    expect(codeOf(() => installGuard(folder, program))).toBe("conflict");
    expect(codeOf(() => guardStatus(join(folder, "nowhere")))).toBe("not_found");
  });

  test("a hook manager that was told to call the guard is no longer told what to add", () => {
    const lines: Readonly<Record<string, string>> = {
      "lefthook.yml": "pre-commit:\n  commands:\n    ownkey:\n      run: ownkey guard run pre-commit\n",
      ".overcommit.yml": "PreCommit:\n  Ownkey:\n    command: ['ownkey', 'guard', 'run', 'pre-commit']\n",
      "package.json": `{"husky": {"hooks": {"pre-commit": "ownkey guard run pre-commit"}}}`,
      ".pre-commit-config.yaml": "# entry: ownkey guard run pre-push\n entry: ownkey guard run pre-commit\n",
    };
    for (const [file, text] of Object.entries(lines)) {
      writeFileSync(join(folder, file), text);
      expect({ file, hooks: installGuard(folder, program).hooks }).toEqual({
        file,
        hooks: [
          { hook: "pre-commit", installed: true, previous: undefined },
          { hook: "pre-push", installed: false, previous: undefined },
        ],
      });
      rmSync(join(folder, file));
    }
    expect(existsSync(join(folder, ".git/hooks/pre-commit"))).toBe(false);
  });

  test("where a hook manager writes the hooks nothing is changed; what to add is told instead", () => {
    const managers = {
      husky: ".husky",
      lefthook: ".config/lefthook.yml",
      "pre-commit": ".pre-commit-config.yaml",
      overcommit: ".overcommit.yml",
      "husky 4": ".huskyrc.json",
    };
    mkdirSync(join(folder, ".config"));
    for (const [name, file] of Object.entries(managers)) {
      const path = join(folder, file);
      if (name === "husky") mkdirSync(path);
      else writeFileSync(path, "");
      const status = installGuard(folder, program);
      expect(status.manager?.name).toBe(name);
      const said = status.manager?.snippet.replaceAll(/[',]/g, "");
      for (const hook of ["pre-commit", "pre-push"]) expect(said).toContain(`ownkey guard run ${hook}`);
      expect(status.hooks.some(({ installed }) => installed)).toBe(false);
      rmSync(path, { recursive: true });
    }
  });

  test("in a second work tree of the repository the guard works too", () => {
    commit("a");
    git("worktree", "add", "-q", join(folder, "second"), "-b", "second");
    installGuard(join(folder, "second"), program);
    expect(guardStatus(folder).hooks.every(({ installed }) => installed)).toBe(true);
  });

  test("outside of a repository it says so", () => {
    let thrown: unknown;
    try {
      guardStatus(root);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as AppError).code).toBe("not_found");
  });
});
