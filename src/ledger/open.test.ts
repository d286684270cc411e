import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { LARGEST_AMOUNT_NANOS, MAX_NAME_LENGTH } from "./columns.ts";
import { silentLog } from "../kernel/index.ts";
import {
  fixedClock,
  rejectionCode,
  reservedAttempt,
  settledAttempt,
  temporaryFolder,
} from "./ledger.testing.ts";
import { openLedger } from "./open.ts";
import { openLedgerReader } from "./reader.ts";
import { LEDGER_MIGRATIONS } from "./schema.ts";

const openIn = (dir: string) =>
  openLedger({ path: join(dir, "node-1.db"), clock: fixedClock, log: silentLog });

test("every field of a reservation and of a settlement comes back as it was written", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const reserved = reservedAttempt({ reservedNanos: 9_007_199_254_740_993n });
  const settled = settledAttempt({ costNanos: 9_007_199_254_740_995n });
  const ref = await ledger.reserve(reserved);
  const reader = openLedgerReader(dir);
  expect(reader.list()).toEqual([{ instance: "node-1", ...reserved, settled: null }]);

  await ledger.settle(ref, settled);
  expect(reader.list()).toEqual([{ instance: "node-1", ...reserved, settled }]);
  reader.close();
  await ledger.close();
});

test("absurd figures and names of callers and providers neither turn negative nor fill the disk", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const long = "m".repeat(1_000_000);
  const ref = await ledger.reserve(
    reservedAttempt({ reservedNanos: 2n ** 64n - 1n, modelRequested: long, tool: long }),
  );
  await ledger.settle(
    ref,
    settledAttempt({ costNanos: 2n ** 63n, modelAnswered: long, serviceTier: long, geo: long }),
  );
  const reader = openLedgerReader(dir);
  const [row] = reader.list();
  expect(row?.reservedNanos).toBe(LARGEST_AMOUNT_NANOS);
  expect(row?.settled?.costNanos).toBe(LARGEST_AMOUNT_NANOS);
  const { modelAnswered, serviceTier, geo } = row?.settled ?? {};
  for (const name of [row?.modelRequested, row?.tool, modelAnswered, serviceTier, geo]) {
    expect(name).toHaveLength(MAX_NAME_LENGTH);
  }
  reader.close();
  await ledger.close();
});

test("unknown stays null and is never 0", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const ref = await ledger.reserve(reservedAttempt({ reservedNanos: null, modelRequested: null }));
  await ledger.settle(ref, settledAttempt({ costNanos: null, usage: null, status: null, firstByteMs: null }));
  const reader = openLedgerReader(dir);
  expect(reader.list()[0]).toMatchObject({
    reservedNanos: null,
    modelRequested: null,
    settled: { costNanos: null, usage: null, status: null, firstByteMs: null },
  });
  reader.close();
  await ledger.close();
});

test("an attempt is settled once: the second time is refused and changes nothing", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const ref = await ledger.reserve(reservedAttempt());
  const first = ledger.settle(ref, settledAttempt({ costNanos: 1n }));
  expect(await rejectionCode(ledger.settle(ref, settledAttempt({ costNanos: 2n })))).toBe("conflict");
  await first;
  expect(await rejectionCode(ledger.settle(99, settledAttempt()))).toBe("conflict");
  const reader = openLedgerReader(dir);
  expect(reader.list()[0]?.settled?.costNanos).toBe(1n);
  reader.close();
  await ledger.close();
});

test("the same attempt of a request cannot be recorded twice, and a refused row does not take its neighbours along", async () => {
  const ledger = openIn(temporaryFolder());
  await ledger.reserve(reservedAttempt());
  const results = await Promise.allSettled([
    ledger.reserve(reservedAttempt({ requestId: "req_before" })),
    ledger.reserve(reservedAttempt()),
    ledger.reserve(reservedAttempt({ requestId: "req_after" })),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  await ledger.close();
});

test("figures that cannot be written are refused, and the attempt can still be settled", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const ref = await ledger.reserve(reservedAttempt());
  expect(await rejectionCode(ledger.settle(ref, settledAttempt({ bytesOut: 0.5 })))).toBe(
    "store_unavailable",
  );
  await ledger.settle(ref, settledAttempt({ bytesOut: 1 }));
  const reader = openLedgerReader(dir);
  expect(reader.list()[0]?.settled?.bytesOut).toBe(1);
  reader.close();
  await ledger.close();
});

test("rows of one turn are written in one transaction, and resolve after it", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const reader = openLedgerReader(dir);
  const all = Array.from({ length: 100 }, (_, i) =>
    ledger.reserve(reservedAttempt({ requestId: `req_${i}` })),
  );
  expect(reader.list({ limit: 1000 })).toHaveLength(0);
  await Promise.race(all);
  expect(reader.list({ limit: 1000 })).toHaveLength(100);
  expect(new Set(await Promise.all(all)).size).toBe(100);
  reader.close();
  await ledger.close();
});

test("what a process left reserved is settled at its full reservation, once", async () => {
  const dir = temporaryFolder();
  const first = openIn(dir);
  const done = await first.reserve(reservedAttempt({ requestId: "req_done" }));
  await first.settle(done, settledAttempt({ costNanos: 42n }));
  await first.reserve(reservedAttempt({ requestId: "req_open", reservedNanos: 77n }));
  await first.reserve(reservedAttempt({ requestId: "req_unpriced", reservedNanos: null }));
  await first.close();

  const second = openIn(dir);
  expect(second.settledAfterCrash).toBe(2);
  const reader = openLedgerReader(dir);
  const byId = new Map(reader.list().map((row) => [row.requestId, row.settled]));
  expect(byId.get("req_done")).toMatchObject({ costNanos: 42n, end: "complete", estimated: false });
  expect(byId.get("req_open")).toMatchObject({ costNanos: 77n, end: "crash", estimated: true, usage: null });
  expect(byId.get("req_unpriced")).toMatchObject({ costNanos: null, end: "crash", estimated: true });
  reader.close();
  await second.close();

  const third = openIn(dir);
  expect(third.settledAfterCrash).toBe(0);
  await third.close();
});

test("refs of a reopened ledger never meet older rows", async () => {
  const dir = temporaryFolder();
  const first = openIn(dir);
  const ref = await first.reserve(reservedAttempt({ requestId: "req_a" }));
  await first.settle(ref, settledAttempt());
  await first.close();
  const second = openIn(dir);
  expect(await second.reserve(reservedAttempt({ requestId: "req_b" }))).toBeGreaterThan(ref);
  await second.close();
});

test("closing writes what was handed over in the same turn; afterwards calls are refused", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  const pending = ledger.reserve(reservedAttempt());
  await ledger.close();
  await pending;
  expect(await rejectionCode(ledger.reserve(reservedAttempt()))).toBe("store_unavailable");
  await ledger.close();
  const reader = openLedgerReader(dir);
  expect(reader.list()).toHaveLength(1);
  reader.close();
});

test("all files of the ledger belong to the owner alone, whatever the umask", async () => {
  const dir = temporaryFolder();
  const before = process.umask(0o022);
  try {
    const ledger = openIn(dir);
    await ledger.reserve(reservedAttempt());
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o077).toBe(0);
    expect(readdirSync(dir).sort()).toEqual(["node-1.db", "node-1.db-shm", "node-1.db-wal"]);
    await ledger.close();
  } finally {
    process.umask(before);
  }
});

test("a ledger of a newer format is refused by writer and reader, and left as it is", async () => {
  const dir = temporaryFolder();
  await openIn(dir).close();
  const path = join(dir, "node-1.db");
  const raw = new Database(path);
  raw.run("PRAGMA user_version=99");
  raw.close();
  expect(() => openIn(dir)).toThrow(/newer Ownkey \(ledger format 99/);
  expect(() => openLedgerReader(dir).list()).toThrow(/newer Ownkey/);
});

test("a file that is no database is named and refused", async () => {
  const dir = temporaryFolder();
  await Bun.write(join(dir, "node-1.db"), "x".repeat(5000));
  await Bun.$`chmod 600 ${join(dir, "node-1.db")}`.quiet();
  expect(() => openIn(dir)).toThrow(/node-1\.db is not a readable ledger/);
});

test("a ledger of the first format is taken over row by row, open ones included", async () => {
  const dir = temporaryFolder();
  const path = join(dir, "node-1.db");
  const old = new Database(path, { create: true });
  for (const statement of LEDGER_MIGRATIONS[0]?.statements ?? []) old.run(statement);
  old.run("PRAGMA user_version=1");
  const insert = `INSERT INTO attempts (id, request_id, attempt, started_at, virtual_key_id, connection_id, provider_key_id,
    user, provider, dialect, route, stream, model_requested, bytes_in, reserved_nanos, ended_at, end, status, verdict,
    usage_known, input_uncached, output, usage_clamped, model_answered, cost_nanos, estimated, bytes_out, duration_ms)
    VALUES (?, ?, 1, ?, 'vk_1', 'conn_1', 'key_1', ?, 'openai', 'openai', '/v1/x', 0, NULL, 9, 700, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const settled = (cost: number) => [5, "complete", 200, "ok", 1, 40, 25, 0, "m", cost, 0, 8, 3];
  const open = Array.from({ length: 13 }, () => null);
  old.run(insert, [1, "req_1", 1, "ada", ...settled(300)] as never);
  old.run(insert, [2, "req_2", 2, null, ...settled(400)] as never);
  old.run(insert, [3, "req_3", 3, "ada", ...open] as never);
  old.close();
  chmodSync(path, 0o600);

  const ledger = openIn(dir);
  expect(ledger.settledAfterCrash).toBe(1);
  expect(await ledger.reserve(reservedAttempt({ requestId: "req_4" }))).toBe(4);
  const reader = openLedgerReader(dir);
  const rows = reader.list();
  expect(rows.map((row) => [row.requestId, row.user, row.settled?.costNanos, row.settled?.end])).toEqual([
    ["req_4", "ada", undefined, undefined],
    ["req_3", "ada", 700n, "crash"],
    ["req_2", null, 400n, "complete"],
    ["req_1", "ada", 300n, "complete"],
  ]);
  expect(rows.at(-1)?.settled?.usage).toMatchObject({ inputUncached: 40, output: 25, cacheRead: null });
  reader.close();
  await ledger.close();
});

test("what repeats stands once: a thousand requests of one kind take little room, and a failed write leaves no loose ends", async () => {
  const dir = temporaryFolder();
  const ledger = openIn(dir);
  for (let i = 0; i < 50; i++) {
    const refs = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ledger.reserve(reservedAttempt({ requestId: `req_${i}_${n}` }))),
    );
    await Promise.all(refs.map((ref) => ledger.settle(ref, settledAttempt())));
  }
  const again = ledger.reserve(reservedAttempt({ requestId: "req_0_0" }));
  const fresh = ledger.reserve(reservedAttempt({ requestId: "req_new", tool: "another" }));
  expect(await rejectionCode(again)).not.toBe("");
  const next = ledger.reserve(reservedAttempt({ requestId: "req_last", tool: "another" }));
  await Promise.all([fresh, next]);
  await ledger.close();
  const database = new Database(join(dir, "node-1.db"), { readonly: true });
  const count = (sql: string) => (database.query(sql).get() as { n: number }).n;
  expect(count("SELECT count(*) AS n FROM contexts WHERE tool = 'codex'")).toBe(1);
  expect(count("SELECT count(*) AS n FROM outcomes")).toBe(1);
  expect(count("SELECT count(*) AS n FROM attempts WHERE tool = 'another'")).toBe(2);
  database.close();
});
