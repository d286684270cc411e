import { afterAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { Decrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { createHash } from "node:crypto";
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
  HOME_FILES,
  makeHome,
  PASSPHRASE,
  recordingPerform,
  restore,
  SCHEMA_VERSION,
  temporaryFolder,
} from "./backup.testing.ts";
import { removeStaleCopies } from "./staging.ts";
import { verifyBackup } from "./verify.ts";

const root = temporaryFolder();
const home = join(root, "home");
makeHome(home);
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
const newTarget = () => join(root, `backup-${++count}.age`);
const verify = (file: string) =>
  verifyBackup({ file, with: { passphrase: PASSPHRASE }, workspace: home, schemaVersion: SCHEMA_VERSION });
const about = { engine: "sqlite" as const, ownkeyVersion: "0.1.0", vaultId: "v", schemaVersion: 1 };

test("a backup holds the whole home but logs, locks and temporary files, control.db last", async () => {
  const target = newTarget();
  const report = await backUp({ home, target });
  expect(report).toMatchObject({ file: target, files: HOME_FILES.length, verified: "opened" });
  expect((await verify(target)).files.map(({ name }) => name)).toEqual(HOME_FILES);
});

test("the file is private, its reported hash and size are right, and no copy stays behind", async () => {
  const target = newTarget();
  const report = await backUp({ home, target });
  expect(statSync(target).mode & 0o777).toBe(0o600);
  expect(report.sizeBytes).toBe(statSync(target).size);
  expect(report.sha256).toBe(createHash("sha256").update(readFileSync(target)).digest("hex"));
  expect(existsSync(join(home, "backup.tmp"))).toBe(false);
  expect(readdirSync(root).filter((name) => name.endsWith(".partial"))).toEqual([]);
});

test("it is recorded before anything is read; a denied caller gets nothing", async () => {
  const { perform, acts } = recordingPerform();
  await backUp({ home, target: newTarget(), perform });
  expect(acts).toMatchObject([{ action: "backup.create", permission: "backup.create" }]);

  const target = newTarget();
  const denying = () => Promise.reject(new AppError("denied", "no"));
  expect(await codeOf(backUp({ home, target, perform: denying }))).toBe("denied");
  expect(existsSync(target)).toBe(false);
});

test("an existing file is never overwritten, not even one that appears meanwhile", async () => {
  const target = newTarget();
  writeFileSync(target, "precious");
  expect(await codeOf(backUp({ home, target }))).toBe("already_exists");

  const late = newTarget();
  const onProgress = () => {
    writeFileSync(late, "precious");
  };
  expect(await codeOf(backUp({ home, target: late, onProgress }))).toBe("already_exists");
  expect(readFileSync(late, "utf8")).toBe("precious");
});

test("targets that cannot serve are refused before any work", async () => {
  const code = (options: Parameters<typeof backUp>[0]) => codeOf(backUp(options));
  expect(await code({ home, target: join(home, "inside.age") })).toBe("invalid_input");
  expect(await code({ home, target: join(root, "missing/x.age") })).toBe("not_found");
  expect(await code({ home: join(root, "no-home"), target: newTarget() })).toBe("not_found");
  expect(await code({ home, target: newTarget(), to: { passphrase: new Secret("") } })).toBe("invalid_input");
  expect(await code({ home, target: newTarget(), to: { recipients: [] } })).toBe("invalid_input");
  expect(await code({ home, target: newTarget(), to: { recipients: ["age1nonsense"] } })).toBe(
    "invalid_input",
  );
  expect(await code({ home, target: newTarget(), about: { ...about, engine: "postgres", slots: [] } })).toBe(
    "unsupported",
  );
});

test("a backup for recipients opens with the identity of any of them, and says what was proven", async () => {
  const identities = await Promise.all([generateIdentity(), generateIdentity()]);
  const recipients = await Promise.all(identities.map((identity) => identityToRecipient(identity)));
  const target = newTarget();
  const report = await backUp({ home, target, to: { recipients } });
  expect(report.verified).toBe("content");
  for (const identity of identities) {
    const verified = await verifyBackup({
      file: target,
      with: { identities: [new Secret(identity)] },
      workspace: home,
      schemaVersion: SCHEMA_VERSION,
    });
    expect(verified.vaultId).toBe("vault_test");
  }
  const stranger = new Secret(await generateIdentity());
  expect(
    await codeOf(
      verifyBackup({ file: target, with: { identities: [stranger] }, workspace: home, schemaVersion: 3 }),
    ),
  ).toBe("wrong_passphrase");
});

test("the archive is an ordinary tar inside age", async () => {
  const target = newTarget();
  await backUp({ home, target });
  const decrypter = new Decrypter();
  decrypter.addPassphrase(PASSPHRASE.reveal());
  const plain = join(root, "plain.tar");
  writeFileSync(plain, await decrypter.decrypt(new Uint8Array(readFileSync(target))));
  const listed = Bun.spawnSync(["tar", "-tf", plain]);
  expect(listed.stdout.toString().trim().split("\n")).toEqual(["manifest.json", ...HOME_FILES]);
  const config = Bun.spawnSync(["tar", "-xOf", plain, "config.jsonc"]);
  expect(config.stdout.toString()).toBe("{ /* mine */ }\n");
});

test.skipIf(!Bun.which("age"))("the age program opens it", async () => {
  const identity = await generateIdentity();
  const target = newTarget();
  await backUp({ home, target, to: { recipients: [await identityToRecipient(identity)] } });
  const identityFile = join(root, "identity.txt");
  writeFileSync(identityFile, `${identity}\n`);
  const plain = Bun.spawnSync(["age", "--decrypt", "--identity", identityFile, target]);
  const listed = Bun.spawnSync(["tar", "-t"], { stdin: plain.stdout });
  expect(listed.stdout.toString().trim().split("\n")).toEqual(["manifest.json", ...HOME_FILES]);
});

test("a writer at work is neither stopped nor torn: each database is one moment's state", async () => {
  const busy = join(root, "busy");
  makeHome(busy);
  const pairs = new Database(join(busy, "control.db"));
  pairs.run("PRAGMA busy_timeout=5000");
  pairs.run("CREATE TABLE pair (a INTEGER NOT NULL, b INTEGER NOT NULL)");
  let writes = 0;
  const onProgress = () => {
    pairs.transaction(() => {
      pairs.run("INSERT INTO pair VALUES (?, ?)", [writes, writes]);
    })();
    writes++;
  };
  pairs.run("BEGIN IMMEDIATE");
  pairs.run("INSERT INTO pair VALUES (1000, 0)");
  const during = newTarget();
  await backUp({ home: busy, target: during });
  pairs.run("ROLLBACK");
  const between = newTarget();
  await backUp({ home: busy, target: between, onProgress });
  pairs.close();
  expect(writes).toBeGreaterThan(5);

  for (const [index, file] of [during, between].entries()) {
    const copy = join(root, `busy-copy-${index}`);
    await restore({ file, home: copy });
    const restored = new Database(join(copy, "control.db"), { readonly: true });
    expect(restored.query("SELECT count(*) AS n FROM pair WHERE a <> b").get()).toEqual({ n: 0 });
    restored.close();
  }
});

test("the epoch in a backup is never ahead of its database", async () => {
  const moving = join(root, "moving");
  makeHome(moving);
  const database = new Database(join(moving, "control.db"));
  database.run("CREATE TABLE head (size INTEGER NOT NULL)");
  database.run("INSERT INTO head VALUES (12)");
  let size = 12;
  const onProgress = () => {
    size++;
    database.run("UPDATE head SET size = ?", [size]);
    writeFileSync(join(moving, "epoch"), `${size}\n`);
  };
  const target = newTarget();
  await backUp({ home: moving, target, onProgress });
  database.close();
  const copy = join(root, "moving-copy");
  await restore({ file: target, home: copy });
  const restored = new Database(join(copy, "control.db"), { readonly: true });
  const head = restored.query<{ size: number }, []>("SELECT size FROM head").get();
  restored.close();
  expect(Number(readFileSync(join(copy, "epoch"), "utf8"))).toBeLessThanOrEqual(head?.size ?? 0);
});

test("a key file that appears while the databases are copied is in the backup", async () => {
  const growing = join(root, "growing");
  makeHome(growing);
  let isFirst = true;
  const onProgress = () => {
    if (isFirst) writeFileSync(join(growing, "unlock-slot_2.key"), Buffer.alloc(64, 9));
    isFirst = false;
  };
  const target = newTarget();
  await backUp({ home: growing, target, onProgress });
  expect((await verify(target)).files.map(({ name }) => name)).toContain("unlock-slot_2.key");
});

test("a damaged database stops the backup", async () => {
  const damaged = join(root, "damaged");
  makeHome(damaged, 2000);
  const path = join(damaged, "ledger/node_a.db");
  const bytes = readFileSync(path);
  bytes.fill(0xee, 4096, 12_288);
  writeFileSync(path, bytes);
  const target = newTarget();
  expect(await codeOf(backUp({ home: damaged, target }))).toBe("corrupt");
  expect(existsSync(target)).toBe(false);
});

test("the owner is told of what a backup cannot do", async () => {
  const codes = async (options: Partial<Parameters<typeof backUp>[0]>) =>
    (await backUp({ home, target: newTarget(), ...options })).warnings.map(({ code }) => code);
  expect(await codes({})).toEqual(["holds_key_file"]);
  expect(await codes({ about: { ...about, slots: [{ kind: "keychain" }] } })).toContain("opens_here_only");
  expect(await codes({ to: { passphrase: new Secret("short") } })).toContain("weak_passphrase");

  const odd = join(root, "odd");
  makeHome(odd);
  symlinkSync("/etc/hostname", join(odd, "link"));
  const report = await backUp({ home: odd, target: newTarget() });
  expect(report.warnings.find(({ code }) => code === "skipped")?.message).toContain("link");
});

test("one backup of a home at a time; what a killed one left is removed", async () => {
  const lock = tryLock(join(home, "backup.lock"));
  expect(await codeOf(backUp({ home, target: newTarget() }))).toBe("conflict");
  lock?.close();
  mkdirSync(join(home, "backup.tmp"));
  writeFileSync(join(home, "backup.tmp/control.db"), "old copy");
  removeStaleCopies(home);
  expect(existsSync(join(home, "backup.tmp"))).toBe(false);
});
