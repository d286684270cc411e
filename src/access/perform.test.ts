import { expect, test } from "bun:test";
import { AppError } from "../kernel/index.ts";
import { type AccessTest, ADA, GATEWAY, openAccessTest } from "./access.testing.ts";
import { allow, type Caller, callerName } from "./caller.ts";
import { createPerform } from "./perform.ts";

const act = { action: "test.write", permission: "virtual_keys.manage", subject: "vk_1" } as const;

const write = async (test: AccessTest, caller: Caller) =>
  await test.perform(caller, act, async (tx) => {
    await tx.run("INSERT INTO meta (name, value) VALUES ('touched', 'yes')");
    return "result";
  });

const isWritten = async (test: AccessTest) =>
  (await test.store.get("SELECT value FROM meta WHERE name = 'touched'")) !== undefined;

test("what is allowed is done, recorded and given back", async () => {
  await using test = await openAccessTest();
  expect(await write(test, ADA)).toBe("result");
  expect(await isWritten(test)).toBe(true);
  expect(await test.entries()).toEqual(["cli:ada test.write vk_1 ok"]);
});

test("a denial is recorded, does nothing and throws", async () => {
  await using test = await openAccessTest();
  const denied = write(test, { kind: "virtual_key", id: "vk_9" });
  expect(denied).rejects.toMatchObject({ code: "denied" });
  await denied.catch(() => {});
  expect(await isWritten(test)).toBe(false);
  expect(await test.entries()).toEqual(["virtual_key:vk_9 test.write vk_1 denied"]);
});

test("work that fails leaves no effect and no entry", async () => {
  await using test = await openAccessTest();
  const failing = test.perform(ADA, act, async (tx) => {
    await tx.run("INSERT INTO meta (name, value) VALUES ('touched', 'yes')");
    throw new AppError("conflict", "half way");
  });
  expect(failing).rejects.toThrow("half way");
  await failing.catch(() => {});
  expect(await isWritten(test)).toBe(false);
  expect(await test.entries()).toEqual([]);
});

test("without an entry there is no effect and no result", async () => {
  await using test = await openAccessTest();
  const cannotAppend = {
    ...test.audit,
    append: () => Promise.reject(new AppError("storage_full", "no room for the entry")),
  };
  const perform = createPerform({ store: test.store, audit: cannotAppend });
  let result: string | undefined;
  const failing = perform(ADA, act, async (tx) => {
    await tx.run("INSERT INTO meta (name, value) VALUES ('touched', 'yes')");
    return "result";
  }).then((value) => (result = value));
  expect(failing).rejects.toMatchObject({ code: "storage_full" });
  await failing.catch(() => {});
  expect(result).toBeUndefined();
  expect(await isWritten(test)).toBe(false);
});

test("the transaction cannot be used once the work is over", async () => {
  await using test = await openAccessTest();
  const leaked = await test.perform(ADA, act, async (tx) => ({ tx }));
  expect(leaked.tx.run("DELETE FROM audit_entries")).rejects.toThrow("already written");
});

test("after each commit, denials included, the size of the log is announced", async () => {
  await using test = await openAccessTest();
  const sizes: number[] = [];
  const perform = createPerform({
    store: test.store,
    audit: test.audit,
    afterCommit: (size) => void sizes.push(size),
  });
  await perform(ADA, act, async () => {});
  await perform(GATEWAY, act, async () => {}).catch(() => {});
  await perform(ADA, act, () => Promise.reject(new AppError("conflict", "no"))).catch(() => {});
  await perform(ADA, act, async () => {});
  expect(sizes).toEqual([1, 2, 3]);
});

test("the owner may everything, a gateway may borrow keys, a virtual key nothing", () => {
  const scheduler: Caller = { kind: "scheduler" };
  const holder: Caller = { kind: "virtual_key", id: "vk_1" };
  expect(allow(ADA, "keys.reveal")).toBe(true);
  expect(allow(ADA, "backup.restore")).toBe(true);
  expect(allow(GATEWAY, "keys.lend")).toBe(true);
  expect(allow(GATEWAY, "keys.reveal")).toBe(false);
  expect(allow(GATEWAY, "virtual_keys.manage")).toBe(false);
  expect(allow(scheduler, "vault.lock")).toBe(true);
  expect(allow(scheduler, "vault.unlock")).toBe(false);
  expect(allow(holder, "keys.lend")).toBe(false);
  expect(allow(holder, "usage.read")).toBe(false);
  expect([ADA, GATEWAY, scheduler, holder].map(callerName)).toEqual([
    "cli:ada",
    "gateway:node_1",
    "scheduler",
    "virtual_key:vk_1",
  ]);
});
