import { expect, test } from "bun:test";
import { toHex } from "../kernel/index.ts";
import { bytesOf, type Row, type Store, type Value } from "../store/index.ts";
import { event, events, openTestLog, type TestLog, TestSigner, VAULT_ID } from "./audit.testing.ts";
import { checkpoint, lastCheckpoint } from "./checkpoint.ts";
import { verify } from "./verify.ts";

/** A log, of 12 entries unless told, with two checkpoints and a protected row between them. */
async function signedLog({ before = 5, after = 6 } = {}): Promise<{ test: TestLog; signer: TestSigner }> {
  const test = await openTestLog();
  const signer = new TestSigner();
  await test.append(...events(before));
  await checkpoint(test.store, signer, test.clock);
  await test.store.tx(async (tx) => {
    const audited = test.log.begin(tx);
    audited.protectedRows.add(new Uint8Array(32).fill(9));
    await test.log.append(audited, event(before));
  });
  await test.append(...events(after, before + 1));
  test.clock.timeMs += 1000;
  await checkpoint(test.store, signer, test.clock);
  return { test, signer };
}

const check = async (store: Store, signer: TestSigner) =>
  await verify(store, { vaultId: VAULT_ID, publicKey: signer.publicKey() });

test("an untouched log verifies, and the result says what was checked", async () => {
  const { test, signer } = await signedLog();
  await using _ = test;
  const progress: string[] = [];
  const result = await verify(test.store, {
    vaultId: VAULT_ID,
    publicKey: signer.publicKey(),
    onProgress: (done, total) => progress.push(`${done}/${total}`),
  });
  expect(result).toMatchObject({
    ok: true,
    entries: 12,
    checkpoints: 2,
    signaturesChecked: true,
    problems: [],
  });
  expect(toHex(result.root)).toBe(toHex((await test.log.head(test.store)).root));
  expect(progress).toEqual(["12/12"]);
  expect(await verify(test.store, { vaultId: VAULT_ID })).toMatchObject({
    ok: true,
    signaturesChecked: false,
  });
});

test("an empty log verifies", async () => {
  await using test = await openTestLog();
  expect(await verify(test.store, { vaultId: VAULT_ID })).toMatchObject({ ok: true, entries: 0 });
});

/** Every stored cell of the log, and what a changed one may hold. */
const CELLS: readonly { table: string; key: string[]; columns: string[] }[] = [
  {
    table: "audit_entries",
    key: ["idx"],
    columns: ["idx", "at_ms", "caller", "action", "subject", "outcome", "body", "leaf"],
  },
  { table: "audit_nodes", key: ["level", "position"], columns: ["level", "position", "hash"] },
  { table: "audit_head", key: ["id"], columns: ["size", "root", "subtrees", "protected_sum"] },
  { table: "audit_checkpoints", key: ["size"], columns: ["size", "at_ms", "root", "key_id", "signature"] },
];

function changesOf(value: Value): Value[] {
  if (value instanceof Uint8Array) {
    return [...value.keys()].map((at) => value.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)));
  }
  if (typeof value === "string") {
    return Array.from(
      value,
      (_, at) => value.slice(0, at) + (value[at] === "x" ? "y" : "x") + value.slice(at + 1),
    );
  }
  return value === null ? ["x"] : [Number(value) + 1000, -1, "x"];
}

test("every byte of every stored column, changed, is found, and of an entry its index is named", async () => {
  const { test, signer } = await signedLog({ before: 2, after: 2 });
  await using _ = test;
  const missed: string[] = [];
  const set = async (table: string, column: string, value: Value, where: string, key: Value[]) =>
    await test.store.run(`UPDATE ${table} SET ${column} = ? WHERE ${where}`, [value, ...key]);

  for (const { table, key, columns } of CELLS) {
    const rows: Row[] = await test.store.all(`SELECT * FROM ${table}`);
    for (const row of rows) {
      for (const column of columns) {
        for (const changed of changesOf(row[column] ?? null)) {
          const after = key.map((name) => (name === column ? changed : (row[name] ?? null)));
          const before = key.map((name) => row[name] ?? null);
          const where = key.map((name) => `${name} = ?`).join(" AND ");
          await set(table, column, changed, where, before);
          const { ok, firstBadIndex, problems } = await check(test.store, signer);
          await set(table, column, row[column] ?? null, where, after);
          const named = table !== "audit_entries" || firstBadIndex === row["idx"];
          if (ok || !named)
            missed.push(`${table}.${column} of ${String(before)}: ${JSON.stringify(problems)}`);
        }
      }
    }
  }
  expect(missed).toEqual([]);
  expect((await check(test.store, signer)).ok).toBe(true);
});

test.each([
  ["an entry in the middle deleted", "DELETE FROM audit_entries WHERE idx = 7", 7],
  ["the last entries deleted", "DELETE FROM audit_entries WHERE idx >= 10", 10],
  ["all entries deleted", "DELETE FROM audit_entries", 0],
  ["a node deleted", "DELETE FROM audit_nodes WHERE level = 1 AND position = 3", 6],
  ["a node too many", "INSERT INTO audit_nodes (level, position, hash) VALUES (9, 9, x'00')", 12],
  ["the head deleted", "DELETE FROM audit_head", 0],
  ["the head set back", "UPDATE audit_head SET size = 11", 10],
])("%s is found", async (_name, damage, index) => {
  const { test, signer } = await signedLog();
  await using _ = test;
  await test.store.run(damage);
  const { ok, firstBadIndex } = await check(test.store, signer);
  expect(ok).toBe(false);
  expect(firstBadIndex).toBe(index);
});

test("two entries that changed places are found", async () => {
  const { test, signer } = await signedLog();
  await using _ = test;
  for (const [from, to] of [
    [3, 99],
    [4, 3],
    [99, 4],
  ]) {
    await test.store.run("UPDATE audit_entries SET idx = ? WHERE idx = ?", [to ?? 0, from ?? 0]);
  }
  expect(await check(test.store, signer)).toMatchObject({ ok: false, firstBadIndex: 3 });
});

test("an entry rewritten together with its leaf hash is found by its node", async () => {
  const { test, signer } = await signedLog();
  await using _ = test;
  const other = await test.store.get("SELECT body, leaf FROM audit_entries WHERE idx = 2");
  await using forged = await openTestLog();
  await forged.append(...events(2), { ...event(2), details: { number: 3 } });
  const row = await forged.store.get("SELECT body, leaf FROM audit_entries WHERE idx = 2");
  expect(row).not.toEqual(other);
  const values = [bytesOf(row ?? {}, "body"), bytesOf(row ?? {}, "leaf")];
  await test.store.run("UPDATE audit_entries SET body = ?, leaf = ? WHERE idx = 2", values);
  const { ok, firstBadIndex, problems } = await check(test.store, signer);
  expect(ok).toBe(false);
  expect(firstBadIndex).toBe(2);
  expect(problems[0]?.message).toContain("entries 2 to 3");
});

test("a log cut back together with its head is found by a checkpoint or by a root noted elsewhere", async () => {
  const { test, signer } = await signedLog();
  await using _ = test;
  const noted = await test.log.head(test.store);
  await using shorter = await openTestLog();
  await shorter.append(...events(3));
  const options = { vaultId: VAULT_ID, publicKey: signer.publicKey() };
  expect((await verify(shorter.store, options)).ok).toBe(true);
  expect(await verify(shorter.store, { ...options, known: noted })).toMatchObject({
    ok: false,
    firstBadIndex: 3,
  });
  expect((await verify(test.store, { ...options, known: noted })).ok).toBe(true);
  const last = await lastCheckpoint(test.store);
  await shorter.store.run(
    "INSERT INTO audit_checkpoints (size, at_ms, root, key_id, signature) VALUES (?, ?, ?, ?, ?)",
    last ? [last.size, last.atMs, last.root, last.keyId, last.signature] : [],
  );
  expect(await verify(shorter.store, options)).toMatchObject({ ok: false, firstBadIndex: 3 });
});

test("entries rewritten behind a checkpoint do not match it, nor a root noted elsewhere", async () => {
  const { test, signer } = await signedLog();
  await using _ = test;
  const noted = await test.log.head(test.store);
  await using forged = await openTestLog();
  await forged.append(...events(12, 100));
  const rows = await test.store.all("SELECT * FROM audit_checkpoints");
  for (const row of rows) {
    await forged.store.run(
      "INSERT INTO audit_checkpoints (size, at_ms, root, key_id, signature) VALUES (?, ?, ?, ?, ?)",
      ["size", "at_ms", "root", "key_id", "signature"].map((column) => row[column] ?? null),
    );
  }
  const result = await verify(forged.store, {
    vaultId: VAULT_ID,
    publicKey: signer.publicKey(),
    known: noted,
  });
  expect(result.problems.map(({ message }) => message)).toEqual([
    "the first 5 entries do not give the root of their checkpoint",
    "the first 12 entries are not those that were noted elsewhere",
    "the first 12 entries do not give the root of their checkpoint",
  ]);
});

test("a checkpoint of another vault or another key is found", async () => {
  const { test, signer } = await signedLog();
  await using _ = test;
  expect((await check(test.store, new TestSigner())).ok).toBe(false);
  const options = { vaultId: "vault_other", publicKey: signer.publicKey() };
  expect((await verify(test.store, options)).ok).toBe(false);
});

test("20,000 entries verify while others go on appending", async () => {
  await using test = await openTestLog();
  await test.append(...events(20_000));
  let appended = 0;
  const pending: Promise<unknown>[] = [];
  const result = await verify(test.store, {
    vaultId: VAULT_ID,
    onProgress: () => {
      if (appended++ < 3) pending.push(test.append(event(appended)));
    },
  });
  await Promise.all(pending);
  expect(result.problems).toEqual([]);
  expect(result.entries).toBeGreaterThanOrEqual(20_000);
});

test("damage without end is reported in bounded memory", async () => {
  await using test = await openTestLog();
  await test.append(...events(300));
  await test.store.run("UPDATE audit_entries SET caller = 'cli:eve'");
  const { problems, moreProblems, firstBadIndex } = await verify(test.store, { vaultId: VAULT_ID });
  expect(problems).toHaveLength(50);
  expect(moreProblems).toBe(250);
  expect(firstBadIndex).toBe(0);
});
