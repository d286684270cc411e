// kill -9 at many moments: what is there afterwards is the old or the new state, never half of one.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { finishRestore } from "./home-swap.ts";
import {
  backUp,
  codeOf,
  contentsOf,
  HOME_FILES,
  makeHome,
  PASSPHRASE,
  readEntries,
  restore,
  SCHEMA_VERSION,
  temporaryFolder,
} from "./backup.testing.ts";
import type { Progress } from "./progress.ts";
import { verifyBackup } from "./verify.ts";

const root = temporaryFolder();
const CHILD = join(import.meta.dir, "child.testing.ts");
const ROWS = 20_000;
afterAll(() => rmSync(root, { recursive: true }));

/** Kills the child inside a phase. */
async function killedIn(phase: Progress["phase"], args: readonly string[]): Promise<void> {
  const child = spawn([...args, phase]);
  const { value } = await child.stdout.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toStartWith("reached");
  child.kill("SIGKILL");
  await child.exited;
}

/** Kills the child once `reached` sees something on the disk; it may have gone on, or ended, by then. */
async function killedAfter(reached: () => boolean, args: readonly string[]): Promise<void> {
  const child = spawn(args);
  while (child.exitCode === null && !reached()) await Bun.sleep(0);
  child.kill("SIGKILL");
  await child.exited;
}

const spawn = (args: readonly string[]) =>
  Bun.spawn([process.execPath, CHILD, ...args], { stdout: "pipe", stderr: "inherit" });

test("a killed backup leaves no file under its name, and the next one works", async () => {
  const home = join(root, "home");
  makeHome(home, ROWS);
  const before = HOME_FILES.map((name) => contentsOf(home)[name]);
  for (const phase of ["snapshot", "write", "verify"] as const) {
    const target = join(root, `killed-${phase}.age`);
    await killedIn(phase, ["backup", home, target]);
    expect(existsSync(target)).toBe(false);
    expect(HOME_FILES.map((name) => contentsOf(home)[name])).toEqual(before);
    expect((await backUp({ home, target })).verified).toBe("opened");
    const verified = await verifyBackup({
      file: target,
      with: { passphrase: PASSPHRASE },
      workspace: home,
      schemaVersion: SCHEMA_VERSION,
    });
    expect(verified.files).toHaveLength(HOME_FILES.length);
  }
}, 30_000);

test("a killed restore leaves the old home or the new one, whole", async () => {
  const source = join(root, "source");
  const file = join(root, "source.age");
  makeHome(source, ROWS);
  await backUp({ home: source, target: file });
  const home = join(root, "victim");
  makeHome(home, 5);
  const restoring = `${home}.restoring`;
  const args = ["restore", home, file];
  const kills = [
    () => killedIn("unpack", args),
    () => killedIn("check", args),
    () => killedAfter(() => existsSync(join(restoring, "ready")), args),
    () => killedAfter(() => existsSync(`${home}.before-restore-2026-11-23T12-00-00Z`), args),
  ];
  for (const kill of kills) {
    await kill();
    finishRestore(home);
    expect([5, ROWS]).toContain(readEntries(join(home, "control.db")).length);
    expect(readEntries(join(home, "ledger/node_a.db"))).toHaveLength(
      readEntries(join(home, "control.db")).length,
    );
    expect(existsSync(restoring)).toBe(false);
  }
  expect(await codeOf(restore({ home, file, replace: true }))).toBe("ok");
  expect(readEntries(join(home, "control.db"))).toHaveLength(ROWS);
  const kept = readdirSync(root).filter((name) => name.startsWith("victim.before-restore"));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.map((name) => readEntries(join(root, name, "control.db")).length)).toContain(5);
}, 30_000);
