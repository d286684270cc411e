// Ledgers of two machines in one store: everybody sees everything once, whatever is cut off, sent twice or put back.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../../test/support/postgres.ts";
import { AppError, silentLog, systemClock, UNKNOWN_USAGE } from "../../kernel/index.ts";
import { openLedger, openLedgerReader, type OpenedLedger, rollUpOwn } from "../../ledger/index.ts";
import { openPostgresStore, openSqliteStore, type Store } from "../../store/index.ts";
import { REPORT_GROUPS, usageReport } from "../report.ts";
import { reservedRow, settledRow } from "./shared.testing.ts";
import { sharedLedgers } from "./shared-ledgers.ts";
import { dropShipped, shipLedger } from "./ship.ts";

const DAY_MS = 86_400_000;
const NOON = Date.parse("2026-11-20T12:00:00Z");
const never = new AbortController().signal;
const names = { virtualKey: String, connection: String, providerKey: String };
const folder = mkdtempSync(join(tmpdir(), "ownkey-shared-"));
let ids = 0;

afterAll(async () => {
  if (!("unavailable" in server)) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const server = await startPostgres();
const engines = ["sqlite", ...("unavailable" in server ? [] : ["postgres"])];
if ("unavailable" in server) test.skip(`shared ledgers on PostgreSQL: ${server.unavailable}`, () => {});

async function openStoreFor(engine: string): Promise<Store> {
  if (engine === "sqlite" || "unavailable" in server) {
    return await openSqliteStore({ path: join(folder, `${++ids}.db`), mode: "inline", clock: systemClock });
  }
  return await openPostgresStore({ url: await server.newDatabase(), clock: systemClock, log: silentLog });
}

/** One machine: its folder with one ledger, and what it sees. */
class Machine {
  readonly dir = join(folder, `machine-${++ids}`);
  readonly path = join(this.dir, "node-1.db");
  ledger: OpenedLedger = this.open();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  open(): OpenedLedger {
    return openLedger({ path: this.path, clock: systemClock, log: silentLog });
  }

  async attempts(count: number, changes: Parameters<typeof reservedRow>[0] = {}): Promise<void> {
    for (let index = 0; index < count; index++) {
      const ref = await this.ledger.reserve(reservedRow({ requestId: `req_${++ids}`, ...changes }));
      const usage = { ...UNKNOWN_USAGE, inputUncached: 10, cacheRead: 1, output: 5 };
      await this.ledger.settle(ref, settledRow({ costNanos: 7n, usage }));
    }
  }

  async ship(store = this.#store): Promise<number> {
    const newNodeId = () => `ledger_${++ids}`;
    return await shipLedger({
      store,
      path: this.path,
      instance: "node-1",
      clock: systemClock,
      newNodeId,
      signal: never,
    });
  }

  reader() {
    const local = openLedgerReader(this.dir);
    return sharedLedgers({ store: this.#store, local, dir: this.dir });
  }

  async requests(options: { sinceMs?: number; untilMs?: number } = {}): Promise<number> {
    const ledgers = this.reader();
    const { sinceMs = null, untilMs = null } = options;
    const reports = await Promise.all(
      REPORT_GROUPS.map(async (by) => await usageReport({ ledgers, names, by, sinceMs, untilMs })),
    );
    ledgers.close();
    const totals = reports.map(({ total }) => total);
    // Whatever it is grouped by, it is the same sum.
    for (const total of totals) expect(total).toEqual(totals[0] ?? total);
    expect(totals[0]?.inputTokens).toBe((totals[0]?.requests ?? 0) * 11);
    return totals[0]?.requests ?? -1;
  }

  async list(limit = 1000): Promise<string[]> {
    const ledgers = this.reader();
    const rows = await ledgers.list({ limit });
    ledgers.close();
    return rows.map(({ requestId, attempt }) => `${requestId}.${attempt}`);
  }
}

describe.each(engines)("on %s", (engine) => {
  let store: Store;
  beforeAll(async () => {
    store = await openStoreFor(engine);
  }, 60_000);
  afterAll(async () => {
    await store.close();
  });

  async function machines(count: number): Promise<Machine[]> {
    for (const table of ["ledger_nodes", "ledger_pending", "ledger_rows", "ledger_sums"]) {
      await store.run(`DELETE FROM ${table}`);
    }
    return Array.from({ length: count }, () => new Machine(store));
  }

  test("each machine sees what was sent by all, and its own at once", async () => {
    const [one, two] = await machines(2);
    if (!one || !two) return;
    await one.attempts(450);
    await two.attempts(3, { virtualKeyId: "vk_2", tool: "codex", startedAtMs: NOON - DAY_MS });
    expect([await one.requests(), await two.requests()]).toEqual([450, 3]);
    expect(await one.ship()).toBe(450);
    expect([await one.requests(), await two.requests()]).toEqual([450, 453]);
    await two.ship();
    expect([await one.requests(), await two.requests()]).toEqual([453, 453]);
    await one.attempts(2);
    expect([await one.requests(), await two.requests()]).toEqual([455, 453]);
    expect(await one.requests({ sinceMs: NOON - 1 })).toBe(452);
    expect(await two.requests({ untilMs: NOON - 1 })).toBe(3);
    expect(await one.requests({ sinceMs: NOON - 1, untilMs: NOON + 1 })).toBe(452);
    expect(await one.list()).toHaveLength(455);
    expect(new Set(await two.list()).size).toBe(453);
    expect(await two.list(2)).toEqual((await two.list()).slice(0, 2));
  }, 30_000);

  test("an attempt that is under way when others pass it is sent once, when it has ended", async () => {
    const [one, two] = await machines(2);
    if (!one || !two) return;
    const open = await one.ledger.reserve(reservedRow({ requestId: "req_slow" }));
    await one.attempts(2);
    await one.ship();
    expect(await two.requests()).toBe(2);
    const usage = { ...UNKNOWN_USAGE, inputUncached: 10, cacheRead: 1, output: 5 };
    await one.ledger.settle(open, settledRow({ costNanos: 7n, usage }));
    expect(await one.requests()).toBe(3);
    await one.ship();
    await one.ship();
    expect([await one.requests(), await two.requests()]).toEqual([3, 3]);
    expect(await two.list()).toContain("req_slow.1");
  });

  test("many that stay under way hold up none that has ended", async () => {
    const [one, two] = await machines(2);
    if (!one || !two) return;
    const refs: number[] = [];
    for (let each = 0; each < 450; each++) {
      refs.push(await one.ledger.reserve(reservedRow({ requestId: `req_${++ids}` })));
    }
    await one.ship();
    const usage = { ...UNKNOWN_USAGE, inputUncached: 10, cacheRead: 1, output: 5 };
    const last = refs.at(-1);
    if (last !== undefined) await one.ledger.settle(last, settledRow({ costNanos: 7n, usage }));
    await one.ship();
    expect([await one.requests(), await two.requests()]).toEqual([1, 1]);
  });

  test("an answer that was lost is no reason to count twice; a store that is away, none to lose anything", async () => {
    const [one, two] = await machines(2);
    if (!one || !two) return;
    await one.attempts(450);
    let calls = 0;
    const lossy = Object.assign(Object.create(store) as Store, {
      all: store.all.bind(store),
      get: store.get.bind(store),
      async tx(...args: Parameters<Store["tx"]>) {
        calls++;
        // Before it was carried out, after it, not at all, …
        if (calls % 3 === 1) throw new AppError("store_unavailable", "gone");
        const result = await store.tx(...args);
        if (calls % 3 === 2) throw new AppError("store_unavailable", "gone");
        return result;
      },
    });
    for (let attempt = 0; attempt < 12; attempt++) await one.ship(lossy).catch(() => {});
    expect(calls).toBeGreaterThan(4);
    expect([await one.requests(), await two.requests()]).toEqual([450, 450]);
    expect(new Set(await two.list()).size).toBe(450);
  }, 30_000);

  test("a copy of a ledger sends what is new in it, under a name of its own", async () => {
    const [one, copy] = await machines(2);
    if (!one || !copy) return;
    await one.attempts(3);
    await one.ship();
    await one.ledger.close();
    await copy.ledger.close();
    copyFileSync(one.path, copy.path);
    one.ledger = one.open();
    copy.ledger = copy.open();
    await one.attempts(1);
    await copy.attempts(2);
    await Promise.all([one.ship(), copy.ship()]);
    expect([await one.requests(), await copy.requests()]).toEqual([6, 6]);
  });

  test("an older state that was put back is not sent again, and what comes after it is", async () => {
    const [one] = await machines(1);
    if (!one) return;
    await one.attempts(2);
    await one.ship();
    await one.ledger.close();
    copyFileSync(one.path, `${one.path}.backup`);
    one.ledger = one.open();
    await one.attempts(3);
    await one.ship();
    await one.ledger.close();
    for (const end of ["-wal", "-shm"]) rmSync(`${one.path}${end}`, { force: true });
    copyFileSync(`${one.path}.backup`, one.path);
    one.ledger = one.open();
    await one.ship();
    await one.attempts(4);
    await one.ship();
    expect(await one.requests()).toBe(9);
  });

  test("old rows go here and there, and the sums stay", async () => {
    const [one, two] = await machines(2);
    if (!one || !two) return;
    const nowMs = NOON + 60 * DAY_MS;
    await one.attempts(3);
    await one.attempts(1, { startedAtMs: nowMs });
    const keep = { nowMs, days: 30, rows: 1_000_000, dropPaid: true };
    const local = () => openLedgerReader(one.dir).list({ limit: 100 }).length;
    await rollUpOwn("node-1", { dir: one.dir, keep: { ...keep, shippedThrough: 0 }, signal: never });
    expect(local()).toBe(4);
    const shippedThrough = await one.ship();
    await rollUpOwn("node-1", { dir: one.dir, keep: { ...keep, shippedThrough }, signal: never });
    expect(local()).toBe(1);
    const parts = { store, path: one.path, newNodeId: () => "none" };
    expect(await dropShipped(parts, nowMs - 30 * DAY_MS)).toBe(true);
    expect(await dropShipped(parts, nowMs - 30 * DAY_MS)).toBe(false);
    expect([await one.requests(), await two.requests()]).toEqual([4, 4]);
    expect(await two.list()).toHaveLength(1);
  });
});
