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
import { verifyBackup } from "./verify.ts";

const root = temporaryFolder();
const CHILD = join(import.meta.dir, "child.testing.ts");
const ROWS = 20_000;
afterAll(() => rmSync(root, { recursive: true }));

/** Kills the child as soon as `reached` sees something on the disk; gives true when it was still alive then. */
async function killedWhen(args: readonly string[], reached: () => boolean): Promise<boolean> {
  const child = Bun.spawn([process.execPath, CHILD, ...args], { stdout: "ignore", stderr: "inherit" });
  while (child.exitCode === null && !reached()) await Bun.sleep(0);
  child.kill("SIGKILL");
  await child.exited;
  return child.signalCode === "SIGKILL";
}

const below = (folder: string, pattern: RegExp) => () =>
  existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name));

test("a killed backup leaves no file under its name, and the next one works", async () => {
  const home = join(root, "home");
  makeHome(home, ROWS);
  const before = HOME_FILES.map((name) => contentsOf(home)[name]);
  const moments = [
    below(home, /^backup\.tmp$/),
    below(join(home, "backup.tmp"), /^control\.db$/),
    below(root, /^\.killed.*\.tmp$/),
  ];
  for (const [index, reached] of moments.entries()) {
    const target = join(root, `killed-${index}.age`);
    expect(await killedWhen(["backup", home, target], reached)).toBe(true);
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
  const moments = [
    below(restoring, /^partial$/),
    below(join(restoring, "partial"), /^ledger$/),
    below(join(restoring, "partial"), /^control\.db$/),
    below(restoring, /^ready$/),
    below(root, /^victim\.before-restore/),
  ];
  for (const reached of moments) {
    await killedWhen(["restore", home, file], reached);
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
