import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createAuditLog } from "./merkle-log.ts";
import { AppError, canonicalJson, equalBytes, fromUtf8, toHex } from "../kernel/index.ts";
import { bytesOf, openSqliteStore } from "../store/index.ts";
import { event, events, openTestLog, VAULT_ID } from "./audit.testing.ts";
import { emptyRoot, hashLeaf } from "./merkle.ts";
import { verifyConsistency, verifyInclusion } from "./proofs.ts";
import { proveConsistency, proveInclusion } from "./tree-reader.ts";
import { verify } from "./verify.ts";

test("an empty log has size 0 and the root of nothing", async () => {
  await using test = await openTestLog();
  const head = await test.log.head(test.store);
  expect(head.size).toBe(0);
  expect(head.root).toEqual(emptyRoot());
  expect(head.protectedSum).toEqual(new Uint8Array(32));
});

test("entries come back as they were appended, in order, with index and time", async () => {
  await using test = await openTestLog();
  expect(await test.append(event(0))).toBe(1);
  test.clock.timeMs += 1000;
  expect(await test.append(event(1), event(2))).toBe(3);
  const listed = await test.log.list(test.store, { since: 1, limit: 10 });
  const atMs = test.clock.timeMs;
  expect(listed).toEqual([
    { ...event(1), index: 1, atMs },
    { ...event(2), index: 2, atMs },
  ]);
  expect(await test.log.list(test.store, { since: 0, limit: 1 })).toHaveLength(1);
  expect(await test.log.list(test.store, { since: 3, limit: 1 })).toEqual([]);
});

test("the hashed bytes are canonical JSON, so that anybody can recompute a leaf", async () => {
  await using test = await openTestLog();
  await test.append(event(1));
  const row = await test.store.get("SELECT body, leaf FROM audit_entries");
  const body = bytesOf(row ?? {}, "body");
  const { caller, action, subject, outcome, details } = event(1);
  expect(fromUtf8(body)).toBe(
    canonicalJson({
      index: 0,
      at: test.clock.timeMs,
      caller,
      action,
      outcome,
      subject: subject ?? null,
      details: details ?? null,
    }),
  );
  expect(hashLeaf(body)).toEqual(bytesOf(row ?? {}, "leaf"));
});

test("any names and details survive storing and verify", async () => {
  await using test = await openTestLog();
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary" }),
      fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
      fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.boolean())),
      async (caller, subject, details) => {
        await test.append({ caller, action: "a.b", subject, outcome: "ok", details });
      },
    ),
    { numRuns: 50 },
  );
  await test.append({ caller: "lone \uD800", action: "nul \0", outcome: "ok" });
  expect((await verify(test.store, { vaultId: VAULT_ID })).problems).toEqual([]);
});

test("without a commit there is no entry", async () => {
  await using test = await openTestLog();
  await test.append(event(0));
  const failing = test.store.tx(async (tx) => {
    await test.log.append(test.log.begin(tx), event(1));
    throw new AppError("conflict", "changed my mind");
  });
  expect(failing).rejects.toThrow("changed my mind");
  await failing.catch(() => {});
  expect((await test.log.head(test.store)).size).toBe(1);
  expect((await verify(test.store, { vaultId: VAULT_ID })).ok).toBe(true);
});

test("an audited transaction is over once its entry is written", async () => {
  await using test = await openTestLog();
  await test.store.tx(async (tx) => {
    const audited = test.log.begin(tx);
    expect(await audited.get("SELECT 1 AS one")).toEqual({ one: 1 });
    expect(await audited.all("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(audited.forUpdate).toBe("");
    await test.log.append(audited, event(0));
    const over = "already written";
    expect(audited.get("SELECT 1 AS one")).rejects.toThrow(over);
    expect(audited.all("SELECT 1 AS one")).rejects.toThrow(over);
    expect(audited.run("DELETE FROM audit_head")).rejects.toThrow(over);
    expect(() => audited.protectedRows.add(new Uint8Array(32))).toThrow(over);
    expect(test.log.append(audited, event(1))).rejects.toThrow(over);
  });
  expect((await test.log.head(test.store)).size).toBe(1);
});

test("a transaction that the log did not begin, or that has no entry, is refused", async () => {
  await using test = await openTestLog();
  const foreign = test.store.tx(async (tx) => {
    const protectedRows = { add() {}, remove() {} };
    return await test.log.append(Object.assign(tx, { protectedRows }), event(0));
  });
  expect(foreign).rejects.toThrow("not begun by the audit log");
  expect(test.append()).rejects.toThrow("without an entry");
  await foreign.catch(() => {});
  expect((await test.log.head(test.store)).size).toBe(0);
});

test("the sum of protected rows depends on which are there, not on their history", async () => {
  const digest = (byte: number) => new Uint8Array(32).fill(byte);
  await using test = await openTestLog();
  const change = async (add: number[], remove: number[]) =>
    await test.store.tx(async (tx) => {
      const audited = test.log.begin(tx);
      for (const byte of add) audited.protectedRows.add(digest(byte));
      for (const byte of remove) audited.protectedRows.remove(digest(byte));
      await test.log.append(audited, event(0));
    });
  const sum = async () => toHex((await test.log.head(test.store)).protectedSum);

  await change([255, 1], []);
  expect(await sum()).toBe("01".repeat(31) + "00"); // (2²⁵⁶ − 1) + 0x0101…01, modulo 2²⁵⁶
  await change([7], [255]);
  await change([], [1]);
  expect(await sum()).toBe("07".repeat(32));
  await change([], [7]);
  expect(await sum()).toBe("00".repeat(32));
  await change([], [1]); // below zero wraps
  await change([1], []);
  expect(await sum()).toBe("00".repeat(32));
  expect((await verify(test.store, { vaultId: VAULT_ID })).problems).toEqual([]);
});

test("a digest of another length is refused", async () => {
  await using test = await openTestLog();
  const short = test.store.tx(async (tx) => test.log.begin(tx).protectedRows.add(new Uint8Array(31)));
  expect(short).rejects.toThrow("31 bytes, expected 32");
  await short.catch(() => {});
});

test("one entry at a time or many at once give the same tree", async () => {
  await using one = await openTestLog();
  await using many = await openTestLog();
  for (const single of events(37)) await one.append(single);
  await many.append(...events(30));
  await many.append(...events(7, 30));
  expect(equalBytes((await one.log.head(one.store)).root, (await many.log.head(many.store)).root)).toBe(true);
});

test("appending to a head that was changed outside is refused", async () => {
  await using test = await openTestLog();
  await test.append(...events(3));
  await test.store.run("UPDATE audit_head SET size = 4");
  expect(test.append(event(3))).rejects.toMatchObject({ code: "corrupt" });
  await test.store.run("UPDATE audit_head SET size = 3, root = protected_sum");
  expect(test.append(event(3))).rejects.toMatchObject({ code: "corrupt" });
  await test.store.run("DELETE FROM audit_head");
  const headless = test.append(event(3));
  expect(headless).rejects.toMatchObject({ code: "corrupt" });
  await headless.catch(() => {});
});

test("two processes appending at once leave one log without gaps", async () => {
  await using test = await openTestLog();
  const second = await openSqliteStore({ path: test.path, mode: "inline", clock: test.clock });
  const stores = [test.store, second];
  const log = createAuditLog({ clock: test.clock });
  const sizes = await Promise.all(
    events(60).map(async (entry, i) => {
      const store = stores[i % 2] ?? test.store;
      return await store.tx(async (tx) => await log.append(log.begin(tx), entry));
    }),
  );
  await second.close();
  expect(sizes.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect((await verify(test.store, { vaultId: VAULT_ID })).problems).toEqual([]);
});

test("the stored tree gives proofs that hold, for every entry and every earlier size", async () => {
  await using test = await openTestLog();
  const roots: Uint8Array[] = [emptyRoot()];
  for (const single of events(23)) {
    await test.append(single);
    roots.push((await test.log.head(test.store)).root);
  }
  const rows = await test.store.all("SELECT leaf FROM audit_entries ORDER BY idx");
  const root = roots.at(-1) ?? emptyRoot();
  for (const [index, row] of rows.entries()) {
    const proof = await proveInclusion(test.store, index, 23);
    expect(verifyInclusion({ leaf: bytesOf(row, "leaf"), index, size: 23, proof, root })).toBe(true);
  }
  for (const [first, firstRoot] of roots.entries()) {
    const proof = await proveConsistency(test.store, first, 23);
    expect(verifyConsistency({ first, second: 23, firstRoot, secondRoot: root, proof })).toBe(true);
  }
  expect(proveInclusion(test.store, 23, 23)).rejects.toMatchObject({ code: "not_found" });
  expect(proveInclusion(test.store, 23, 40)).rejects.toMatchObject({ code: "not_found" });
});

test("an entry that was changed outside is not shown as if it were one", async () => {
  await using test = await openTestLog();
  await test.append(...events(3));
  await test.store.run("UPDATE audit_entries SET body = leaf WHERE idx = 1");
  expect(await test.log.list(test.store, { since: 0, limit: 1 })).toHaveLength(1);
  const listed = test.log.list(test.store, { since: 0, limit: 3 });
  expect(listed).rejects.toMatchObject({ code: "corrupt" });
  await listed.catch(() => {});
});
