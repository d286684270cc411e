import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../kernel/index.ts";
import { installedProgramPath, installProgram, programSource, type ProgramSource } from "./install.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-install-"));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function newUserHome(): string {
  const userHome = join(root, `user ${++count}`);
  mkdirSync(userHome);
  return userHome;
}

/** A package folder, with a quote and a space in its name, whose launcher prints its arguments. */
function makePackage(text = "one"): ProgramSource & { kind: "package" } {
  const folder = join(root, `it's package ${++count}`);
  mkdirSync(join(folder, "bin"), { recursive: true });
  const launcher = join(folder, "bin/ownkey");
  writeFileSync(launcher, `#!/bin/sh\nprintf '${text}'\nprintf ' <%s>' "$@"\n`, { mode: 0o755 });
  return { kind: "package", launcher };
}

const install = (source: ProgramSource, userHome = newUserHome(), searchPath = "/usr/bin") =>
  installProgram({ source, userHome, searchPath, platform: "linux" });

test("a package gets a launcher that passes every argument on as it is, and says that it depends on the folder", () => {
  const source = makePackage();
  const installed = install(source);
  expect(installed.path).toBe(join(root, `user ${count}`, ".local/bin/ownkey"));
  expect(statSync(installed.path).mode & 0o777).toBe(0o755);
  const { stdout } = Bun.spawnSync([installed.path, "a b", "", "$HOME", "it's", "-x"]);
  expect(stdout.toString()).toBe("one <a b> <> <$HOME> <it's> <-x>");
  expect(installed.notes[0]).toContain(join(source.launcher, "../.."));
});

test("an executable is copied, runnable whatever its mode was, with no leftover", () => {
  const from = join(root, "ownkey-dist");
  writeFileSync(from, "#!/bin/sh\necho compiled\n");
  chmodSync(from, 0o600);
  const installed = install({ kind: "executable", path: from });
  expect(readFileSync(installed.path)).toEqual(readFileSync(from));
  expect(statSync(installed.path).mode & 0o777).toBe(0o755);
  expect(readdirSync(join(installed.path, ".."))).toEqual(["ownkey"]);
});

test("an update replaces the file, also a link, without touching what the link led to", () => {
  const userHome = newUserHome();
  const path = install(makePackage("old"), userHome).path;
  expect(install(makePackage("new"), userHome).path).toBe(path);
  expect(Bun.spawnSync([path]).stdout.toString()).toStartWith("new");

  const linked = makePackage("linked");
  rmSync(path);
  symlinkSync(linked.launcher, path);
  install(makePackage("newer"), userHome);
  expect(Bun.spawnSync([path]).stdout.toString()).toStartWith("newer");
  expect(Bun.spawnSync([linked.launcher]).stdout.toString()).toStartWith("linked");
});

test("installing from the installed place leaves it as it is", () => {
  const userHome = newUserHome();
  const from = join(root, "ownkey-self");
  writeFileSync(from, "#!/bin/sh\n");
  const { path } = install({ kind: "executable", path: from }, userHome);
  const { ino } = statSync(path);
  expect(install({ kind: "executable", path }, userHome).path).toBe(path);
  expect(statSync(path).ino).toBe(ino);
});

test("a folder outside PATH and npx's cache are pointed out", () => {
  const userHome = newUserHome();
  const inPath = install(makePackage(), userHome, `/usr/bin:${join(userHome, ".local/bin")}`);
  expect(inPath.notes.join("\n")).not.toContain("PATH");
  expect(install(makePackage()).notes.join("\n")).toContain("is not in PATH");
  const cached = install({
    kind: "package",
    launcher: "/home/ada/.npm/_npx/12ab/node_modules/ownkey/bin/ownkey",
  });
  expect(cached.notes[0]).toContain("npm install -g ownkey");
});

test("what cannot be installed is refused with what to do", () => {
  const codeOf = (work: () => unknown) => {
    try {
      work();
      return "ok";
    } catch (error) {
      return error instanceof AppError ? error.code : "other";
    }
  };
  const userHome = newUserHome();
  mkdirSync(installedProgramPath(userHome), { recursive: true });
  expect(codeOf(() => install(makePackage(), userHome))).toBe("conflict");
  expect(codeOf(() => install({ kind: "package", launcher: "/x\n/bin/ownkey" }))).toBe("invalid_input");
  expect(
    codeOf(() => installProgram({ source: makePackage(), userHome, searchPath: "", platform: "win32" })),
  ).toBe("unsupported");
});

test("a compiled program knows itself by Bun's virtual folder, anything else is a package", () => {
  expect(programSource("/$bunfs/root/main.js", "/opt/ownkey")).toEqual({
    kind: "executable",
    path: "/opt/ownkey",
  });
  expect(programSource("B:\\~BUN\\root\\main.js", "C:\\ownkey.exe")).toMatchObject({ kind: "executable" });
  expect(programSource("/home/ada/ownkey/src/main.ts", "/opt/bun")).toEqual({
    kind: "package",
    launcher: "/home/ada/ownkey/bin/ownkey",
  });
});
