// What a backup needs of the machine: room on the disk, and little memory however large the home is.
import { afterAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { backUp, contentsOf, makeHome, temporaryFolder } from "./backup.testing.ts";

const root = temporaryFolder();
const LEDGER_MEGABYTES = 40;
const CHILD = join(import.meta.dir, "child.testing.ts");
afterAll(() => rmSync(root, { recursive: true }));

function runChild(args: readonly string[], prefix: readonly string[] = []): { code: string; peakKb: number } {
  const { stdout, stderr } = Bun.spawnSync([...prefix, process.execPath, CHILD, ...args]);
  const text = stdout.toString();
  if (text === "") throw new Error(stderr.toString());
  return JSON.parse(text) as { code: string; peakKb: number };
}

/** A limit on the size of any file written stands for a full disk: the same writes fail, without root. */
const withFileLimit = (blocks: number) => [
  "sh",
  "-c",
  `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`,
  "limited",
];

function addLedger(home: string, megabytes: number): void {
  const database = new Database(join(home, "ledger/node_big.db"), { create: true });
  database.run("CREATE TABLE entry (id INTEGER PRIMARY KEY, note BLOB NOT NULL)");
  database.transaction(() => {
    for (let id = 0; id < megabytes; id++) {
      database.run("INSERT INTO entry (note) VALUES (randomblob(?))", [1024 * 1024]);
    }
  })();
  database.close();
}

test("a full disk stops a backup with a clear error and leaves nothing", () => {
  const home = join(root, "home");
  makeHome(home, 20_000);
  const before = contentsOf(home);
  const target = join(root, "full.age");
  // Room for each database, not for the archive of both.
  const blocks = Math.ceil((statSync(join(home, "control.db")).size * 1.5) / 512);
  expect(runChild(["backup", home, target], withFileLimit(blocks)).code).toBe("storage_full");
  expect(existsSync(target)).toBe(false);
  expect(readdirSync(root).filter((name) => name.endsWith(".partial"))).toEqual([]);
  const { "backup.lock": _lock, ...after } = contentsOf(home);
  expect(after).toEqual(before);
});

test("a full disk stops a restore with a clear error and changes nothing", async () => {
  const source = join(root, "source");
  makeHome(source, 20_000);
  const file = join(root, "source.age");
  await backUp({ home: source, target: file });
  const home = join(root, "old");
  makeHome(home, 5);
  const before = contentsOf(home);
  expect(runChild(["restore", home, file], withFileLimit(64)).code).toBe("storage_full");
  expect(contentsOf(home)).toEqual(before);
  expect(existsSync(`${home}.restoring`)).toBe(false);
});

/** A disk of 2 MB for one command, where the system lets a user have a mount of their own. */
const ON_SMALL_DISK = [
  "unshare",
  "--map-root-user",
  "--mount",
  "sh",
  "-c",
  'mount -t tmpfs -o size=2m,mode=700 tmpfs "$1" && cp -a "$2"/. "$1" && shift 2 && exec "$@"',
  "small-disk",
];
const hasSmallDisk = (() => {
  const [disk, content] = [join(root, "probe-disk"), join(root, "probe-content")];
  mkdirSync(disk);
  mkdirSync(content);
  const { exitCode } = Bun.spawnSync([...ON_SMALL_DISK, disk, content, "true"]);
  return exitCode === 0;
})();

test.skipIf(!hasSmallDisk)("a backup does not fill the disk that a gateway is writing to", () => {
  const home = join(root, "small-disk-source");
  makeHome(home);
  const disk = join(root, "disk");
  mkdirSync(disk);
  const target = join(root, "small-disk.age");
  const result = runChild(["backup", disk, target], [...ON_SMALL_DISK, disk, home]);
  expect(result.code).toBe("storage_full");
  expect(existsSync(target)).toBe(false);
});

test.skipIf(!hasSmallDisk)("a target disk that fills up is reported as that", () => {
  const home = join(root, "small-target-source");
  makeHome(home, 60_000);
  const disk = join(root, "target-disk");
  mkdirSync(disk);
  const empty = join(root, "empty");
  mkdirSync(empty);
  const result = runChild(["backup", home, join(disk, "x.age")], [...ON_SMALL_DISK, disk, empty]);
  expect(result.code).toBe("storage_full");
});

test("memory does not grow with the home", () => {
  const small = join(root, "small");
  makeHome(small);
  const large = join(root, "large");
  makeHome(large);
  addLedger(large, LEDGER_MEGABYTES);
  const smallBackup = runChild(["backup", small, join(root, "small.age")]);
  const largeBackup = runChild(["backup", large, join(root, "large.age")]);
  const largeRestore = runChild(["restore", join(root, "large-copy"), join(root, "large.age")]);
  expect([smallBackup.code, largeBackup.code, largeRestore.code]).toEqual(["ok", "ok", "ok"]);
  expect(statSync(join(root, "large.age")).size).toBeGreaterThan(LEDGER_MEGABYTES * 1024 * 1024);
  // Buffers waiting for the garbage collector, not the data: holding the data once would be caught.
  expect(largeBackup.peakKb - smallBackup.peakKb).toBeLessThan(LEDGER_MEGABYTES * 1024);
  expect(largeRestore.peakKb - smallBackup.peakKb).toBeLessThan(LEDGER_MEGABYTES * 1024);
}, 60_000);
