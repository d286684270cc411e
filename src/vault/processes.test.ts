// Several processes, and processes that die: whatever happens between two writes, the vault opens and verifies.
import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADA, addSecret, openTestHome, type TestHome, openValue, providerKey } from "./vault.testing.ts";

const CHILD = join(import.meta.dir, "child.testing.ts");

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "ownkey-vault-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function run(home: string, work: string, killAt = 0, points = "") {
  const child = Bun.spawn([process.execPath, CHILD, home, work, String(killAt), points], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const [vaultId = "", reached = ""] = output.trim().split(" ");
  return { vaultId, reached: Number(reached), errors, killed: child.signalCode === "SIGKILL" };
}

const keyFiles = (home: string) => readdirSync(home).filter((name) => /^unlock-.*\.key$/.test(name));

test("six first starts at once make one vault, which all of them open", async () => {
  using folder = temporaryFolder();
  const runs = await Promise.all(
    Array.from({ length: 6 }, async () => await run(folder.path, "first-start")),
  );
  expect(runs.map(({ errors }) => errors)).toEqual(Array.from({ length: 6 }, () => ""));
  expect(new Set(runs.map(({ vaultId }) => vaultId)).size).toBe(1);
  expect(keyFiles(folder.path)).toHaveLength(1);
  await using home = await openTestHome(folder.path, true);
  const actions = (await home.audit.list(home.store, { since: 0, limit: 100 })).map(({ action }) => action);
  expect(actions.filter((action) => action === "vault.create")).toHaveLength(1);
  expect((await home.open()).vault.locked).toBe(false);
});

/** Runs `work` in a copy of `origin` once for each point, killed there, and then `check`; a few at a time. */
async function killEverywhere(
  origin: string,
  work: string,
  points: string,
  check: (home: TestHome) => Promise<void>,
): Promise<number> {
  const once = async (killAt: number) => {
    using folder = temporaryFolder();
    cpSync(origin, folder.path, { recursive: true });
    const { killed, reached, errors } = await run(folder.path, work, killAt, points);
    expect([killed, errors]).toEqual([killAt > 0, ""]);
    await using home = await openTestHome(folder.path, true);
    await check(home);
    return reached;
  };
  const count = await once(0);
  const pending = Array.from({ length: count }, (_, at) => at + 1);
  const worker = async () => {
    for (let killAt = pending.shift(); killAt !== undefined; killAt = pending.shift()) await once(killAt);
  };
  await Promise.all([worker(), worker(), worker()]);
  return count;
}

test("a first start killed before any of its writes leaves nothing that the next one cannot use", async () => {
  using empty = temporaryFolder();
  const count = await killEverywhere(empty.path, "first-start", "each-write", async (home) => {
    const { vault } = await home.open();
    await addSecret(home, vault, "key_1");
    expect(await openValue(home, vault, "key_1")).toBe(providerKey("key_1").reveal());
  });
  expect(count).toBeGreaterThan(12);
});

test("replacing a slot, killed before or after any commit and file, is done or not done, and the next start finishes it", async () => {
  using origin = temporaryFolder();
  const ids = ["key_1", "key_2"];
  {
    await using home = await openTestHome(origin.path, true);
    const { vault } = await home.open();
    for (const id of ids) await addSecret(home, vault, id);
    await home.act(async (tx) => await vault.putBlob(tx, "blob", "undo", new Uint8Array(9)));
  }
  let unfinished = 0;
  const count = await killEverywhere(origin.path, "replace-slot", "", async (home) => {
    const { vault } = await home.open();
    if (await vault.needsReseal(home.store)) unfinished += 1;
    await vault.reseal(ADA);
    const { vault: again } = await home.open();
    for (const id of ids) expect(await openValue(home, again, id)).toBe(providerKey(id).reveal());
    const keys = await home.store.all("SELECT DISTINCT generation, state FROM vault_collection_keys");
    expect([keys.length, await again.needsReseal(home.store)]).toEqual([1, false]);
  });
  expect(count).toBeGreaterThan(15);
  expect(unfinished).toBeGreaterThan(3);
});

test("two processes writing at once lose nothing and give no number twice", async () => {
  using folder = temporaryFolder();
  {
    await using home = await openTestHome(folder.path, true);
    await addSecret(home, (await home.open()).vault, "key_1");
  }
  const works = ["put", "put", "create"];
  const runs = await Promise.all(works.map(async (work) => await run(folder.path, work)));
  expect(runs.map(({ errors }) => errors)).toEqual(["", "", ""]);
  await using home = await openTestHome(folder.path, true);
  const { vault } = await home.open();
  expect(await vault.info(home.store, "key_1")).toMatchObject({ lastVersion: 31 });
  for (let version = 1; version <= 31; version++) await openValue(home, vault, "key_1", version);
  expect(await home.store.all("SELECT id FROM secrets")).toHaveLength(6);
});
