import { afterAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { tryLock } from "../files/index.ts";
import { AppError, Secret } from "../kernel/index.ts";
import {
  backUp,
  codeOf,
  contentsOf,
  HOME_FILES,
  makeHome,
  NOW_MS,
  PASSPHRASE,
  readEntries,
  restore,
  SCHEMA_VERSION,
  temporaryFolder,
} from "./backup.testing.ts";
import { finishRestore } from "./home-swap.ts";
import { clearRestored, readRestored } from "./restored.ts";
import { verifyBackup } from "./verify.ts";

const root = temporaryFolder();
const home = join(root, "home");
const file = join(root, "backup.age");
makeHome(home);
await backUp({ home, target: file });
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
const newHome = () => join(root, `restored-${++count}`);

test("what is restored is what was backed up, private", async () => {
  const target = newHome();
  const report = await restore({ file, home: target });
  expect(report).toMatchObject({ home: target, vaultId: "vault_test", previousHome: null });
  expect(Object.keys(contentsOf(target)).sort()).toEqual([...HOME_FILES, "restored"].sort());
  for (const name of HOME_FILES.filter((name) => name.endsWith(".db"))) {
    expect(readEntries(join(target, name))).toEqual(readEntries(join(home, name)));
  }
  for (const name of HOME_FILES.filter((name) => !name.endsWith(".db"))) {
    expect(readFileSync(join(target, name))).toEqual(readFileSync(join(home, name)));
    expect(statSync(join(target, name)).mode & 0o777).toBe(0o600);
  }
  expect(statSync(target).mode & 0o777).toBe(0o700);
  expect(statSync(join(target, "ledger")).mode & 0o777).toBe(0o700);
});

test("a restored home says so until that is confirmed, and the mark does not get into a backup", async () => {
  const target = newHome();
  await restore({ file, home: target });
  expect(readRestored(target)).toEqual({
    restoredAtMs: NOW_MS,
    backupCreatedAtMs: NOW_MS,
    vaultId: "vault_test",
  });
  const again = join(root, "again.age");
  expect((await backUp({ home: target, target: again })).files).toBe(HOME_FILES.length);
  clearRestored(target);
  expect(readRestored(target)).toBeUndefined();
  writeFileSync(join(target, "restored"), "{}");
  expect(() => readRestored(target)).toThrow(AppError);
});

test("an empty folder is a home that may be restored into", async () => {
  const target = newHome();
  mkdirSync(target, { mode: 0o700 });
  expect((await restore({ file, home: target })).previousHome).toBeNull();
});

test("a home with nothing but locks and logs needs no confirmation, and is kept aside all the same", async () => {
  const target = newHome();
  mkdirSync(join(target, "log"), { recursive: true, mode: 0o700 });
  writeFileSync(join(target, "log/ownkey.log"), "a line\n");
  writeFileSync(join(target, "backup.lock"), "");
  const { previousHome } = await restore({ file, home: target });
  expect(readFileSync(join(previousHome ?? "", "log/ownkey.log"), "utf8")).toBe("a line\n");
});

test("an existing home is replaced only when told, and kept aside whole", async () => {
  const target = newHome();
  makeHome(target, 5);
  const before = contentsOf(target);
  expect(await codeOf(restore({ file, home: target }))).toBe("confirmation_needed");
  expect(contentsOf(target)).toEqual(before);

  const first = await restore({ file, home: target, replace: true });
  expect(first.previousHome).toBe(`${target}.before-restore-2026-11-23T12-00-00Z`);
  expect(contentsOf(first.previousHome ?? "")).toEqual(before);
  const second = await restore({ file, home: target, replace: true });
  expect(second.previousHome).toBe(`${target}.before-restore-2026-11-23T12-00-00Z-2`);
  expect(readEntries(join(target, "control.db"))).toHaveLength(20);
});

test("a home that is a link keeps its name", async () => {
  const place = newHome();
  makeHome(place, 5);
  const link = newHome();
  symlinkSync(place, link);
  await restore({ file, home: link, replace: true });
  expect(readEntries(join(place, "control.db"))).toHaveLength(20);
  expect(readEntries(join(link, "control.db"))).toHaveLength(20);
});

test("a home that is in use is not replaced", async () => {
  const target = newHome();
  makeHome(target, 5);
  const user = new Database(join(target, "control.db"));
  expect(user.query("SELECT count(*) AS n FROM entry").get()).toEqual({ n: 5 });
  expect(await codeOf(restore({ file, home: target, replace: true }))).toBe("conflict");
  user.close();
  expect(await codeOf(restore({ file, home: target, replace: true }))).toBe("ok");
});

test("a home with a damaged database can be replaced", async () => {
  const target = newHome();
  makeHome(target, 5);
  writeFileSync(join(target, "control.db"), "not a database at all");
  expect(await codeOf(restore({ file, home: target, replace: true }))).toBe("ok");
});

test("a wrong passphrase, a missing file and a later schema are told apart and change nothing", async () => {
  const target = newHome();
  const wrong = { passphrase: new Secret("another passphrase") };
  expect(await codeOf(restore({ file, home: target, with: wrong }))).toBe("wrong_passphrase");
  expect(await codeOf(restore({ file: join(root, "none.age"), home: target }))).toBe("not_found");
  expect(await codeOf(restore({ file, home: target, schemaVersion: SCHEMA_VERSION - 1 }))).toBe(
    "newer_format",
  );
  expect(await codeOf(restore({ file, home: target, with: { identities: [] } }))).toBe("invalid_input");
  const malformed = { identities: [new Secret("nonsense")] };
  expect(await codeOf(restore({ file, home: target, with: malformed }))).toBe("invalid_input");
  expect(existsSync(target)).toBe(false);
  expect(readdirSync(root).filter((name) => name.endsWith(".restoring"))).toEqual([]);
});

test("two restores of one home do not meet", async () => {
  const target = newHome();
  mkdirSync(`${target}.restoring`, { mode: 0o700 });
  const lock = tryLock(join(`${target}.restoring`, "restore.lock"));
  expect(await codeOf(restore({ file, home: target }))).toBe("conflict");
  expect(() => finishRestore(target)).toThrow(AppError);
  lock?.close();
  expect(await codeOf(restore({ file, home: target }))).toBe("ok");
});

test("a restore killed between its renames is finished, one killed before is forgotten", () => {
  const killedLate = newHome();
  makeHome(join(`${killedLate}.restoring`, "ready"));
  expect(finishRestore(killedLate)).toBe(true);
  expect(readEntries(join(killedLate, "control.db"))).toHaveLength(20);
  expect(finishRestore(killedLate)).toBe(false);

  const killedEarly = newHome();
  makeHome(killedEarly, 5);
  const before = contentsOf(killedEarly);
  makeHome(join(`${killedEarly}.restoring`, "ready"));
  expect(finishRestore(killedEarly)).toBe(false);
  expect(contentsOf(killedEarly)).toEqual(before);
  expect(existsSync(`${killedEarly}.restoring`)).toBe(false);
});

test("verifying tells what is inside and leaves nothing behind", async () => {
  const workspace = join(root, "workspace");
  const verified = await verifyBackup({
    file,
    with: { passphrase: PASSPHRASE },
    workspace,
    schemaVersion: SCHEMA_VERSION,
  });
  expect(verified).toMatchObject({ vaultId: "vault_test", ownkeyVersion: "0.1.0", schemaVersion: 3 });
  expect(verified.files.map(({ name }) => name)).toEqual(HOME_FILES);
  expect(readdirSync(workspace)).toEqual(["backup.lock"]);
});
