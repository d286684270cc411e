// Several processes on one file is normal: they wait for each other, and one that dies or hangs hurts no other.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../kernel/index.ts";
import type { Store } from "../store.ts";
import { codeOf } from "../store-contract.testing.ts";
import { deposit, DEPOSIT_STATEMENTS, openAccounts, startChild } from "./child.testing.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ownkey-store-"));
  path = join(folder, "control.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openAccounts(path, "inline");
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Throws unless the file is sound and the balance is the sum of the entries; gives the number of deposits. */
async function consistentDeposits(store: Store): Promise<number> {
  expect(await store.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const sums = await store.get(
    "SELECT (SELECT balance FROM account) AS balance, COALESCE(SUM(amount), 0) AS total, COUNT(*) AS entries FROM entry",
  );
  expect(sums?.["balance"]).toBe(sums?.["total"] ?? null);
  return Number(sums?.["entries"]) / 2;
}

test("six processes may make one new database at once", async () => {
  const children = Array.from({ length: 6 }, () => startChild("open", path, "inline"));
  const said = await Promise.all(children.map((child) => child.stdout.text()));
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(new Set(said).size).toBe(1);
  expect(said[0]).toMatch(/^[0-9a-f]{32}\n$/);
});

test("processes that write at once lose no update", async () => {
  const store = await openAccounts(path, "worker", 20_000);
  const children = [startChild("write", path, "inline", 20), startChild("write", path, "worker", 20)];
  for (let count = 0; count < 20; count++) await deposit(store);
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0]);
  expect(await consistentDeposits(store)).toBe(60);
  await store.close();
});

for (const mode of ["inline", "worker"] as const) {
  test(`a writer killed after any statement leaves nothing half done (${mode})`, async () => {
    await withStore(async () => {});
    for (let statement = 0; statement <= DEPOSIT_STATEMENTS; statement++) {
      await startChild("die", path, mode, statement).exited;
      expect(await withStore(consistentDeposits)).toBe(0);
    }
  });

  test(`a writer killed right after its commit has committed (${mode})`, async () => {
    await startChild("die", path, mode, DEPOSIT_STATEMENTS + 1).exited;
    expect(await withStore(consistentDeposits)).toBe(1);
  });
}

test("a writer killed at any moment loses no commit that it had reported", async () => {
  const child = startChild("write", path, "worker", 100_000);
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.split("\n").length > 20) child.kill("SIGKILL");
  }
  await child.exited;
  const found = await withStore(consistentDeposits);
  const reported = text.split("\n").length - 1;
  // The last report may have been under way.
  expect([reported, reported + 1]).toContain(found);
});

test("a stopped process that holds the write lock delays neither timers nor reads, then gives a clear error", async () => {
  const store = await openAccounts(path, "worker", 400);
  await deposit(store);
  const holder = startChild("hold", path, "inline");
  for await (const _ of holder.stdout) break;
  holder.kill("SIGSTOP");
  try {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const outcome = store.tx(async () => "written").catch((error: unknown) => error);
    expect(await consistentDeposits(store)).toBe(1);
    const error = await outcome;
    clearInterval(timer);
    expect(error).toBeInstanceOf(AppError);
    // A process that only starts is not held up either.
    expect(await withStore(consistentDeposits)).toBe(1);
    expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
    expect(ticks).toBeGreaterThan(10);
  } finally {
    holder.kill("SIGKILL");
  }
  await holder.exited;
  expect(await codeOf(deposit(store))).toBe("resolved");
  expect(await consistentDeposits(store)).toBe(2);
  await store.close();
});
