import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
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
import type { AppError } from "../kernel/index.ts";
import { createDurable, writeDurable } from "./durable.ts";
import { tryLock } from "./lock.ts";
import { assertPrivate, assertPrivateIfPresent, ensurePrivateDir } from "./permissions.ts";
import { readSmallFile } from "./small-file.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-files-"));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folder(): string {
  const path = join(root, `f${folders++}`);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

function errorOf(work: () => void): AppError {
  try {
    work();
  } catch (error) {
    return error as AppError;
  }
  throw new Error("nothing was thrown");
}

async function child(what: string, path: string) {
  const process_ = Bun.spawn([process.execPath, join(import.meta.dir, "child.testing.ts"), what, path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = process_.stdout.getReader();
  const said = Buffer.from((await reader.read()).value ?? []).toString();
  return {
    said: said.trim(),
    async kill() {
      process_.kill("SIGKILL");
      await process_.exited;
    },
  };
}

describe("writeDurable", () => {
  test("replaces content and mode, and leaves nothing else behind", () => {
    const dir = folder();
    const path = join(dir, "file");
    writeFileSync(path, "old", { mode: 0o644 });
    writeDurable(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(modeOf(path)).toBe(0o600);
    writeDurable(path, new Uint8Array([1, 2]), 0o755);
    expect([...readFileSync(path)]).toEqual([1, 2]);
    expect(modeOf(path)).toBe(0o755);
    expect(readdirSync(dir)).toEqual(["file"]);
  });

  test("replaces a link itself; what it points to stays as it is", () => {
    const dir = folder();
    writeFileSync(join(dir, "target"), "untouched");
    symlinkSync(join(dir, "target"), join(dir, "link"));
    writeDurable(join(dir, "link"), "new");
    expect(lstatSync(join(dir, "link")).isSymbolicLink()).toBeFalse();
    expect(readFileSync(join(dir, "link"), "utf8")).toBe("new");
    expect(readFileSync(join(dir, "target"), "utf8")).toBe("untouched");
  });

  test("keeps the old file when the new one cannot be put in its place", () => {
    const dir = folder();
    mkdirSync(join(dir, "taken/inside"), { recursive: true });
    expect(() => writeDurable(join(dir, "taken"), "new")).toThrow();
    expect(readdirSync(dir)).toEqual(["taken"]);
  });

  test("a writer that is killed at any moment leaves one whole content", async () => {
    const path = join(folder(), "file");
    for (let round = 0; round < 4; round++) {
      const writer = await child("write", path);
      await writer.kill();
      if (!existsSync(path)) continue;
      const text = readFileSync(path, "utf8");
      expect(text).toBe(text.charAt(0).repeat(200_000));
      expect(modeOf(path)).toBe(0o600);
    }
  });
});

describe("createDurable", () => {
  test("makes a new private file, and refuses one that exists", () => {
    const path = join(folder(), "file");
    createDurable(path, "first");
    expect(modeOf(path)).toBe(0o600);
    expect(() => createDurable(path, "second")).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(readFileSync(path, "utf8")).toBe("first");
  });

  test("does not write through a link, be it to nowhere", () => {
    const dir = folder();
    symlinkSync(join(dir, "elsewhere"), join(dir, "file"));
    expect(() => createDurable(join(dir, "file"), "x")).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(existsSync(join(dir, "elsewhere"))).toBeFalse();
  });

  test("leaves nothing when the content cannot be written", () => {
    const path = join(folder(), "file");
    // A length that is no number makes the write itself fail.
    expect(() => createDurable(path, { length: 1 } as unknown as Uint8Array)).toThrow();
    expect(existsSync(path)).toBeFalse();
  });
});

describe("private folders", () => {
  test("what is missing is made for the owner only; what is there above it is left as it is", () => {
    const above = join(folder(), "shared");
    mkdirSync(above);
    chmodSync(above, 0o755);
    ensurePrivateDir(join(above, "a/b/c"));
    expect(modeOf(above)).toBe(0o755);
    for (const made of ["a", "a/b", "a/b/c"]) expect(modeOf(join(above, made))).toBe(0o700);
  });

  test.each([
    ["a folder", 0o750, "700"],
    ["a folder", 0o702, "700"],
    ["a file", 0o640, "600"],
    ["a file", 0o604, "600"],
  ])("%s of mode %o is refused with the command that mends it", (kind, mode, wanted) => {
    const path = join(folder(), "it's here");
    if (kind === "a file") writeFileSync(path, "");
    else mkdirSync(path);
    chmodSync(path, mode);
    const error = errorOf(() => assertPrivate(path));
    expect(error.code).toBe("insecure_permissions");
    expect(Bun.spawnSync(["sh", "-c", error.hint ?? ""]).exitCode).toBe(0);
    expect(modeOf(path).toString(8)).toBe(wanted);
    assertPrivate(path);
  });

  test("an existing folder is not quietly made private", () => {
    const path = folder();
    chmodSync(path, 0o755);
    expect(errorOf(() => ensurePrivateDir(path)).code).toBe("insecure_permissions");
    expect(modeOf(path)).toBe(0o755);
  });

  test("a file in the way is told, not thrown raw", () => {
    const path = join(folder(), "file");
    writeFileSync(path, "");
    expect(errorOf(() => ensurePrivateDir(path)).code).toBe("store_unavailable");
    expect(errorOf(() => ensurePrivateDir(join(path, "below"))).code).toBe("store_unavailable");
  });

  test("what is not there is no offence, nor is a link to nowhere", () => {
    const dir = folder();
    symlinkSync(join(dir, "nowhere"), join(dir, "link"));
    assertPrivateIfPresent(join(dir, "absent"));
    assertPrivateIfPresent(join(dir, "link"));
  });
});

describe("locks", () => {
  test("one holder at a time in this process, free again once closed", () => {
    const path = join(folder(), "lock");
    const first = tryLock(path);
    expect(tryLock(path)).toBeUndefined();
    first?.close();
    first?.close();
    const again = tryLock(path);
    expect(again).toBeDefined();
    again?.close();
  });

  test("another process holds it until it is gone, also by kill -9", async () => {
    const path = join(folder(), "lock");
    const holder = await child("lock", path);
    expect(holder.said).toBe("held");
    const rival = await child("lock", path);
    expect(rival.said).toBe("busy");
    expect(tryLock(path)).toBeUndefined();
    await holder.kill();
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    lock?.close();
    await rival.kill();
  });

  test("a file that is no lock is told, not thrown raw", () => {
    const path = join(folder(), "lock");
    writeFileSync(path, "this is not a database at all, but something longer than its header".repeat(20));
    expect(errorOf(() => tryLock(path)).code).toBe("store_unavailable");
    expect(errorOf(() => tryLock(join(root, "absent/lock"))).code).toBe("store_unavailable");
  });
});

test("of what others have put there only regular files up to a size are read, and nothing is waited for", () => {
  const home = folder();
  const at = (name: string) => join(home, name);
  writeFileSync(at("small"), "1234");
  Bun.spawnSync(["mkfifo", at("pipe")]);
  symlinkSync("small", at("link"));
  const read = (name: string, most = 4) => readSmallFile(at(name), most)?.length;
  expect(read("small")).toBe(4);
  expect(read("link")).toBe(4);
  expect(read("small", 3)).toBeUndefined();
  expect(["pipe", ".", "nothing"].map((name) => read(name))).toEqual([undefined, undefined, undefined]);
}, 10_000);
