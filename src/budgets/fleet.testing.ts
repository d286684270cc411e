// Gateways on one store, each with a ledger of its own, that can be killed, lose power, sleep and come back.
import { createHmac } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RowSealer } from "../access/index.ts";
import {
  AppError,
  type Clock,
  equalBytes,
  lengthPrefixed,
  type Log,
  silentLog,
  systemRandomness,
  toHex,
} from "../kernel/index.ts";
import { type OpenedLedger, openLedger } from "../ledger/index.ts";
import { intOf, openSqliteStore, type Store, textOf } from "../store/index.ts";
import { BudgetBook } from "./book.ts";
import type { Budget } from "./budget.ts";
import { nanosOf, sealBudget } from "./budget-record.ts";
import { putRecord } from "./budget-table.ts";
import { Limiter, type Wanted } from "./limiter.ts";
import type { Reservation } from "./reservation.ts";
import { SliceDesk } from "./slices/desk.ts";
import { nodeIdentity } from "./slices/node.ts";
import { beginLineage, noteChange, openState, readState } from "./store-state.ts";
import { parseSubject } from "./subject.ts";

/** Stands still unless it is moved. */
class TestClock implements Clock {
  timeMs = Date.UTC(2026, 10, 23, 10);
  /** How wrong the wall clock is. */
  wallOffsetMs = 0;
  nowMs = (): number => this.timeMs + this.wallOffsetMs;
  monotonicMs = (): number => this.timeMs;
}

const KEY = systemRandomness(32);

/** Seals rows with a key that lives as long as the tests. */
const sealer: RowSealer = {
  seal: (table, id, content) =>
    new Uint8Array(
      createHmac("sha256", KEY)
        .update(lengthPrefixed(table, id, content))
        .digest(),
    ),
  check(table, id, content, mac) {
    if (!equalBytes(sealer.seal(table, id, content), mac)) throw new AppError("corrupt", `${table} ${id}`);
  },
};

/** A budget as tests write it; everything else has a usual value. */
export type BudgetParts = Partial<Budget> & { readonly limitNanos: bigint };

export interface Request {
  readonly reservation: Reservation;
  readonly ref: number;
}

export class Fleet {
  readonly clock: TestClock;
  readonly store: Store;
  readonly folder: string;
  readonly nodes: Node[] = [];
  bootId = "boot-1";
  readonly #ownsStore: boolean;

  /** Over a store of its own, SQLite unless another is given. */
  static async open(given?: Store): Promise<Fleet> {
    // In memory where that is possible: thousands of commits that wait for a disk would be most of the time.
    const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
    const folder = mkdtempSync(join(place, "ownkey-budgets-"));
    const clock = new TestClock();
    const store =
      given ?? (await openSqliteStore({ path: join(folder, "control.db"), mode: "inline", clock }));
    const fleet = new Fleet(store, { clock, folder, ownsStore: given === undefined });
    await openState(store, {
      origin: { place: "here" },
      nowMs: fleet.clock.nowMs(),
      randomness: systemRandomness,
    });
    return fleet;
  }

  private constructor(
    store: Store,
    { clock, folder, ownsStore }: { clock: TestClock; folder: string; ownsStore: boolean },
  ) {
    this.store = store;
    this.clock = clock;
    this.folder = folder;
    this.#ownsStore = ownsStore;
  }

  /** Sets a budget, for everything unless a subject is named. */
  async set(parts: BudgetParts): Promise<Budget> {
    const state = await readState(this.store);
    const id = parts.id ?? `bud_${parts.unit ?? "day"}`;
    const known = await this.store.get("SELECT generation FROM budgets WHERE id = ?", [id]);
    const budget: Budget = {
      id,
      subject: parseSubject("everything"),
      name: `everything/${parts.unit ?? "day"}`,
      unit: "day",
      timeZone: "UTC",
      resetDay: 1,
      hard: true,
      allow: [],
      generation: known ? intOf(known, "generation") + 1 : 1,
      lineage: state?.lineage ?? "",
      createdAtMs: this.clock.nowMs(),
      setAtMs: this.clock.nowMs(),
      ...parts,
    };
    await this.store.tx(async (tx) => {
      await putRecord(tx, sealBudget(sealer, budget));
      await noteChange(tx);
    });
    return budget;
  }

  /** What the audit log's news make gateways do. */
  async tellAll(): Promise<void> {
    for (const node of this.nodes) await node.book.reload();
  }

  async start(name = `node-${this.nodes.length + 1}`, options: NodeOptions = {}): Promise<Node> {
    const node = new Node(this, name, options);
    await node.book.reload();
    this.nodes.push(node);
    return node;
  }

  /** The timed work of all that are alive; what the store does not answer is tried again with the next one. */
  async tickAll(): Promise<void> {
    for (const node of this.nodes) {
      if (node.isDead) continue;
      await node.desk.tick().catch(() => {});
      await node.desk.answerRecalls().catch(() => {});
    }
  }

  /** The database is put back to an older one, and a new life begins. */
  async restored(): Promise<void> {
    await this.store.tx((tx) =>
      beginLineage(tx, { nowMs: this.clock.nowMs(), randomness: systemRandomness }),
    );
  }

  async settledNanos(budgetId: string): Promise<bigint> {
    const rows = await this.store.all("SELECT settled_nanos FROM budget_periods WHERE budget_id = ?", [
      budgetId,
    ]);
    return rows.reduce((sum, row) => sum + nanosOf(row, "settled_nanos"), 0n);
  }

  /** Settled and granted, by budget and period. */
  async committed(): Promise<ReadonlyMap<string, { settled: bigint; granted: bigint }>> {
    // Of one moment: what is given back moves from one table to the other.
    const [periods, grants] = await this.store.tx(async (tx) => [
      await tx.all("SELECT * FROM budget_periods"),
      await tx.all("SELECT * FROM budget_grants"),
    ]);
    const found = new Map<string, { settled: bigint; granted: bigint }>();
    for (const row of periods ?? []) {
      const name = `${textOf(row, "budget_id")} ${textOf(row, "period")}`;
      found.set(name, { settled: nanosOf(row, "settled_nanos"), granted: 0n });
    }
    for (const row of grants ?? []) {
      const name = `${textOf(row, "budget_id")} ${textOf(row, "period")}`;
      const known = found.get(name) ?? { settled: 0n, granted: 0n };
      found.set(name, { ...known, granted: known.granted + nanosOf(row, "amount_nanos") });
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node.kill();
    if (this.#ownsStore) await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface NodeOptions {
  /** The store as this node reaches it. */
  readonly store?: Store;
  readonly log?: Log;
}

/** One gateway process. */
export class Node {
  readonly name: string;
  readonly book: BudgetBook;
  readonly desk: SliceDesk;
  readonly limiter: Limiter;
  readonly ledger: OpenedLedger;
  readonly path: string;
  isDead = false;
  readonly #fleet: Fleet;
  readonly #options: NodeOptions;

  constructor(fleet: Fleet, name: string, options: NodeOptions) {
    const { store: reached = fleet.store, log = silentLog } = options;
    // The dead do nothing: what had begun may be done, but nobody hears of it.
    const store = withTx(reached, async (work) => {
      this.#mustLive();
      const result = await reached.tx(work);
      this.#mustLive();
      return result;
    });
    this.#fleet = fleet;
    this.#options = options;
    this.name = name;
    this.path = join(fleet.folder, `${name}.db`);
    const { clock } = fleet;
    this.ledger = openLedger({ path: this.path, clock, log });
    this.book = new BudgetBook({
      store,
      sealer,
      onChanged: (ids) => {
        for (const id of ids) this.desk.giveBack(id).catch(() => {});
      },
    });
    this.desk = new SliceDesk({
      store,
      identity: nodeIdentity({ ledgerPath: this.path, bootId: fleet.bootId, randomness: systemRandomness }),
      clock,
      log,
      randomness: systemRandomness,
      ledgerRow: () => this.ledger.lastRef(),
      chargedSince: (row) => this.ledger.chargedSince(row),
      definitions: () => this.book.definitions,
      reload: () => this.book.reload(),
    });
    // Time stands still in tests unless they move it: waiting moves it.
    this.limiter = new Limiter({
      desk: this.desk,
      clock,
      pause: async (timeMs) => {
        clock.timeMs += timeMs;
        for (const other of fleet.nodes) if (!other.isDead) await other.desk.answerRecalls().catch(() => {});
      },
    });
  }

  /** Reserves in every budget and in the ledger, as the gateway does. @throws AppError as it does. */
  async request(nanos: bigint, wanted: Partial<Wanted> = {}): Promise<Request> {
    const { budgets } = this.book.definitions;
    const reservation = await this.limiter.reserve({
      budgets,
      mostNanos: nanos,
      leastNanos: nanos,
      guessNanos: nanos,
      ...wanted,
    });
    const { hardNanos, grants } = reservation;
    try {
      const ref = await this.ledger.reserve(reserved({ grants, reservedNanos: hardNanos }));
      return { reservation, ref };
    } catch (error) {
      reservation.settle(0n);
      throw error;
    }
  }

  async settle({ reservation, ref }: Request, costNanos: bigint): Promise<void> {
    await this.ledger.settle(ref, settledAt(costNanos));
    reservation.settle(costNanos);
  }

  #mustLive(): void {
    if (this.isDead) throw new Error("this process was killed");
  }

  /** `kill -9`: the ledger has what was written, the store knows what it knew. */
  async kill(): Promise<void> {
    if (this.isDead) return;
    this.isDead = true;
    await this.ledger.close();
  }

  /** Comes back in the same folder. */
  async restart(): Promise<Node> {
    const { nodes } = this.#fleet;
    const node = new Node(this.#fleet, this.name, this.#options);
    nodes.splice(nodes.indexOf(this), 1, node);
    await node.book.reload();
    await node.desk.recover();
    return node;
  }

  async close(): Promise<void> {
    await this.desk.close();
    await this.kill();
  }
}

/** Keeps a copy of a ledger, and gives the function that puts it back: what a power loss does to its last commits. */
export function keepCopy(node: Node): () => void {
  const copy = `${node.path}.copy-${toHex(systemRandomness(4))}`;
  const files = ["", "-wal"].filter((end) => existsSync(node.path + end));
  for (const end of files) copyFileSync(node.path + end, copy + end);
  return () => {
    for (const end of ["-wal", "-shm"]) rmSync(node.path + end, { force: true });
    for (const end of files) copyFileSync(copy + end, node.path + end);
  };
}

/** The store with its transactions on another way. */
export function withTx(store: Store, tx: Store["tx"]): Store {
  return {
    engine: store.engine,
    all: (sql, params) => store.all(sql, params),
    get: (sql, params) => store.get(sql, params),
    run: (sql, params) => store.run(sql, params),
    tx,
    changeMark: () => store.changeMark(),
    confirmedAtMs: () => store.confirmedAtMs(),
    close: () => store.close(),
  };
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

let requests = 0;

function reserved(parts: { grants: readonly number[]; reservedNanos: bigint }) {
  requests += 1;
  return {
    requestId: `req_${requests}`,
    attempt: 1,
    startedAtMs: 0,
    virtualKeyId: "vk_1",
    connectionId: "conn_1",
    providerKeyId: "key_1",
    tool: null,
    user: null,
    team: null,
    project: null,
    provider: "openai",
    dialect: "openai",
    route: "/v1/chat/completions",
    stream: false,
    modelRequested: "gpt-4.1-mini",
    bytesIn: 1,
    bodyHash: null,
    priceVersion: null,
    ...parts,
  };
}

function settledAt(costNanos: bigint) {
  return {
    endedAtMs: 1,
    end: "complete" as const,
    status: 200,
    verdict: "ok",
    usage: null,
    modelAnswered: null,
    serviceTier: null,
    geo: null,
    costNanos,
    estimated: false,
    bytesOut: 1,
    firstByteMs: 1,
    durationMs: 1,
  };
}
