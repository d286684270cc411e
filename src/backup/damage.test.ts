// Whatever happens to a backup file, a restore says so and changes nothing.
import { afterAll, expect, test } from "bun:test";
import { Encrypter } from "age-encryption";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "../kernel/index.ts";
import { backUp, codeOf, makeHome, PASSPHRASE, restore, temporaryFolder } from "./backup.testing.ts";
import { encodeManifest, type ManifestFile } from "./manifest.ts";
import { type TarSource, writeTar } from "./tar-write.ts";

const root = temporaryFolder();
const original = join(root, "whole.age");
const home = join(root, "home");
makeHome(join(root, "source"), 3000);
await backUp({ home: join(root, "source"), target: original });
const whole = new Uint8Array(readFileSync(original));
afterAll(() => rmSync(root, { recursive: true }));

async function restoreBytes(bytes: Uint8Array): Promise<string> {
  const file = join(root, "damaged.age");
  writeFileSync(file, bytes);
  const code = await codeOf(restore({ file, home }));
  if (code !== "ok") {
    expect(existsSync(home)).toBe(false);
    expect(existsSync(`${home}.restoring`)).toBe(false);
  }
  rmSync(home, { recursive: true, force: true });
  return code;
}

/** Every offset in the header and around the 64 KiB pieces of age, and a sample of the rest. */
function offsets(): number[] {
  const chosen = new Set<number>();
  for (let at = 0; at < 240; at += 4) chosen.add(at);
  for (let at = 0; at < whole.length; at += 15_013) chosen.add(at);
  for (const back of [1, 2, 15, 16, 17, 511, 512, 1024]) chosen.add(whole.length - back);
  return [...chosen].sort((a, b) => a - b);
}

test("the sample is longer than one piece of age", () => {
  expect(whole.length).toBeGreaterThan(2 * 64 * 1024);
});

test("a file cut at any length is refused", async () => {
  for (const at of offsets()) {
    expect(await restoreBytes(whole.subarray(0, at))).toBe("corrupt");
  }
});

test("a file with any byte changed is refused", async () => {
  for (const at of offsets()) {
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x20;
    // In the part that holds the wrapped file key, damage and a wrong passphrase look the same.
    expect(["corrupt", "wrong_passphrase"]).toContain(await restoreBytes(changed));
  }
});

test("a file with something appended is refused", async () => {
  expect(await restoreBytes(Buffer.concat([whole, Buffer.alloc(1)]))).toBe("corrupt");
  expect(await restoreBytes(Buffer.concat([whole, whole]))).toBe("corrupt");
});

test("files that never were backups are refused", async () => {
  expect(await restoreBytes(new Uint8Array(0))).toBe("corrupt");
  expect(await restoreBytes(utf8("PRAGMA\n".repeat(1000)))).toBe("corrupt");
  expect(await restoreBytes(await encrypted(new Uint8Array(0)))).toBe("corrupt");
  expect(await restoreBytes(await encrypted(utf8("hello")))).toBe("corrupt");
  expect(await restoreBytes(await encrypted(new Uint8Array(10_240)))).toBe("corrupt");
});

const control = readFileSync(join(root, "source/control.db"));
const file = (name: string, content: Uint8Array = utf8("x")) => ({ name, content });
const listOf = (files: readonly { name: string; content: Uint8Array }[]): ManifestFile[] =>
  files.map(({ name, content }) => ({
    name,
    sizeBytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  }));

test("an archive made by hand as Ownkey makes it is accepted, so the refusals below have their own reason", async () => {
  expect(await restoreArchive(listOf([file("control.db", control)]), [file("control.db", control)])).toBe(
    "ok",
  );
});

test("whoever can encrypt to the owner cannot place a file outside the home", async () => {
  for (const name of [
    "../evil",
    "/etc/evil",
    "a/../../evil",
    "a//b",
    "./a",
    "a/./b",
    "..",
    "a\\..\\evil",
    "C:evil",
    ".bashrc",
    "a/",
    "x\0y",
    "a".repeat(101),
    "a/b/c/d/e/f/g/h/i",
  ]) {
    const files = [file("control.db", control), { name, content: utf8("x") }];
    expect(await restoreArchive(listOf(files), [file("control.db", control)])).toBe("corrupt");
  }
});

test("the list and the archive must agree: nothing missing, added, doubled, moved or exchanged", async () => {
  const a = file("control.db", control);
  const b = file("epoch");
  expect(await restoreArchive(listOf([a, b]), [a])).toBe("corrupt");
  expect(await restoreArchive(listOf([a]), [a, b])).toBe("corrupt");
  expect(await restoreArchive(listOf([a, b, b]), [a, b, b])).toBe("corrupt");
  expect(await restoreArchive(listOf([a, b, file("EPOCH")]), [a, b, file("EPOCH")])).toBe("corrupt");
  expect(await restoreArchive(listOf([a, b]), [b, a])).toBe("corrupt");
  expect(await restoreArchive(listOf([a, b]), [a, file("epoch", utf8("y"))])).toBe("corrupt");
  expect(await restoreArchive(listOf([a, b]), [a, file("epoch", utf8("xx"))])).toBe("corrupt");
});

test("a backup whose database is damaged or missing is refused though every hash is right", async () => {
  const broken = control.fill(0xee, 4096, 8192).subarray();
  expect(await restoreArchive(listOf([file("control.db", broken)]), [file("control.db", broken)])).toBe(
    "corrupt",
  );
  expect(await restoreArchive(listOf([file("epoch")]), [file("epoch")])).toBe("corrupt");
});

async function restoreArchive(
  list: ManifestFile[],
  files: readonly { name: string; content: Uint8Array }[],
): Promise<string> {
  const manifest = encodeManifest({
    createdAtMs: 0,
    ownkeyVersion: "0.1.0",
    vaultId: "vault_test",
    schemaVersion: 1,
    files: list,
  });
  const sources: TarSource[] = [file("manifest.json", manifest), ...files].map((source) => ({
    ...source,
    sizeBytes: source.content.length,
  }));
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(sources, 0)) parts.push(part);
  return restoreBytes(await encrypted(Buffer.concat(parts)));
}

async function encrypted(plaintext: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(PASSPHRASE.reveal());
  encrypter.setScryptWorkFactor(2);
  return encrypter.encrypt(plaintext);
}
