/**
 * The promise of docs/budgets.md, tried in random orders: requests, settlements, crashes, power losses, lost answers,
 * idle time, changed limits, periods that end, gateways that come and go. After each step
 *
 *   true spending ≤ settled + granted ≤ the highest limit in force since the period's first grant,
 *
 * and at rest nothing is reserved, nothing granted, and what is settled is what the ledgers' rows say.
 * `PROOF_RUNS=5000 npm test -- src/budgets/proof` tries more.
 */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Store } from "../store/index.ts";
import { codeOf, Fleet, keepCopy, type Node, type Request, withTx } from "./fleet.testing.ts";
import { periodAt } from "./calendar/period.ts";

const RUNS = Number(process.env["PROOF_RUNS"] ?? 25);
const DAY_MS = 86_400_000;
const BUDGETS = ["bud_day", "bud_week"] as const;

interface OpenRequest extends Request {
  readonly node: Node;
  readonly held: bigint;
  /** Of each budget: when it was reserved. */
  readonly periods: readonly string[];
}

/** What really happened, kept apart from all that is tested. */
class Truth {
  readonly open: OpenRequest[] = [];
  /** By budget and period: costs that are certain, and reservations of requests that nobody saw the end of. */
  readonly spent = new Map<string, bigint>();
  /** By budget and period: the highest limit in force since its first grant. */
  readonly highest = new Map<string, bigint>();
  readonly limits = new Map<string, bigint>();
  /** The ledger lost rows: what is settled may be more than what is in it. */
  hasLost = false;

  book(periods: readonly string[], nanos: bigint): void {
    for (const name of periods) this.spent.set(name, (this.spent.get(name) ?? 0n) + nanos);
  }
}

class Ground {
  readonly fleet: Fleet;
  readonly truth = new Truth();
  /** Answers of the store that get lost on the way: how many of the next ones. */
  answersToLose = 0;
  readonly store: Store;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
    this.store = withTx(fleet.store, async (work) => {
      const result = await fleet.store.tx(work);
      if (this.answersToLose > 0 && this.answersToLose-- > 0) throw new Error("the answer got lost");
      return result;
    });
  }

  periods(): string[] {
    const nowMs = this.fleet.nodes.find(({ isDead }) => !isDead)?.desk.nowMs() ?? this.fleet.clock.nowMs();
    return BUDGETS.map((id) => {
      const unit = id === "bud_day" ? "day" : "week";
      return `${id} ${periodAt({ unit, timeZone: "UTC", resetDay: 1 }, nowMs).key}`;
    });
  }

  async setLimit(id: (typeof BUDGETS)[number], limitNanos: bigint): Promise<void> {
    await this.fleet.set({ id, limitNanos, unit: id === "bud_day" ? "day" : "week" });
    this.truth.limits.set(id, limitNanos);
    await this.fleet.tellAll();
  }

  node(at: number): Node | undefined {
    const alive = this.fleet.nodes.filter(({ isDead }) => !isDead);
    return alive[at % Math.max(alive.length, 1)];
  }

  async request(node: Node, most: bigint, least: bigint): Promise<void> {
    try {
      const request = await node.request(most, { leastNanos: least });
      const { hardNanos } = request.reservation;
      expect(hardNanos).toBeGreaterThanOrEqual(least);
      expect(hardNanos).toBeLessThanOrEqual(most);
      // The slices say which period it is in: it may have begun while the request waited.
      const periods = node.desk
        .slices()
        .filter(({ id }) => request.reservation.grants.includes(id))
        .map(({ budgetId, period }) => `${budgetId} ${period}`);
      this.truth.open.push({ ...request, node, held: hardNanos, periods });
    } catch (error) {
      const code = await codeOf(Promise.reject(error));
      expect(["budget_exceeded", "budget_unavailable"]).toContain(code);
    }
  }

  async settle(at: number, part: bigint): Promise<void> {
    const { open } = this.truth;
    const [request] = open.length === 0 ? [] : open.splice(at % open.length, 1);
    if (request === undefined) return;
    const cost = (request.held * part) / 100n;
    await request.node.settle(request, cost);
    this.truth.book(request.periods, cost);
  }

  /** Whatever a process had under way counts in full: nobody saw its end. */
  loseRequestsOf(node: Node): void {
    const { open } = this.truth;
    for (const request of open.filter((one) => one.node === node)) {
      open.splice(open.indexOf(request), 1);
      this.truth.book(request.periods, request.held);
    }
  }

  async check(): Promise<void> {
    const { truth, fleet } = this;
    const reserved = new Map<string, bigint>();
    for (const { periods, held } of truth.open) {
      for (const name of periods) reserved.set(name, (reserved.get(name) ?? 0n) + held);
    }
    for (const [name, { settled, granted }] of await fleet.committed()) {
      const limit = truth.limits.get(name.split(" ")[0] ?? "") ?? 0n;
      const highest = truth.highest.get(name) ?? 0n;
      if (limit > highest) truth.highest.set(name, limit);
      const really = (truth.spent.get(name) ?? 0n) + (reserved.get(name) ?? 0n);
      expect(really).toBeLessThanOrEqual(settled + granted);
      expect(settled + granted).toBeLessThanOrEqual(truth.highest.get(name) ?? 0n);
    }
  }

  async rest(): Promise<void> {
    this.answersToLose = 0;
    while (this.truth.open.length > 0) await this.settle(0, 50n);
    for (const node of this.fleet.nodes) {
      if (node.isDead) continue;
      expect(
        node.desk.slices().every(({ reservedNanos, holders }) => reservedNanos === 0n && holders === 0),
      ).toBe(true);
      await node.desk.giveBack();
      await node.close();
    }
    for (const [name, { settled, granted }] of await this.fleet.committed()) {
      expect(granted).toBe(0n);
      const spent = this.truth.spent.get(name) ?? 0n;
      if (this.truth.hasLost) expect(settled).toBeGreaterThanOrEqual(spent);
      else expect(settled).toBe(spent);
    }
  }
}

type Step = fc.AsyncCommand<object, Ground>;

function step(name: string, run: (ground: Ground) => Promise<void>): Step {
  return {
    check: () => true,
    run: async (_model, ground) => {
      await run(ground);
      await ground.check();
    },
    toString: () => name,
  };
}

const nano = fc.bigInt({ min: 1n, max: 400n });
const which = fc.nat({ max: 7 });

const STEPS = [
  fc.tuple(which, nano).map(([at, most]) =>
    step(`request(${at}, ${most})`, async (ground) => {
      const node = ground.node(at);
      if (node) await ground.request(node, most, most);
    }),
  ),
  fc.tuple(which, nano, fc.bigInt({ min: 1n, max: 100n })).map(([at, most, part]) =>
    step(`request(${at}, ${most} or less)`, async (ground) => {
      const node = ground.node(at);
      if (node)
        await ground.request(node, most, (most * part) / 100n + 1n > most ? most : (most * part) / 100n + 1n);
    }),
  ),
  fc.tuple(which, fc.array(nano, { minLength: 2, maxLength: 8 })).map(([at, all]) =>
    step(`at once(${at}, ${all.join(" ")})`, async (ground) => {
      const node = ground.node(at);
      if (node) await Promise.all(all.map((most) => ground.request(node, most, most)));
    }),
  ),
  fc.tuple(which, nano, fc.constantFrom(0, 6_000), fc.boolean()).map(([at, most, byMs, givesBack]) =>
    step(`request(${at}, ${most}) while timed work is done, ${byMs} ms later`, async (ground) => {
      const node = ground.node(at);
      if (!node) return;
      ground.fleet.clock.timeMs += byMs;
      const asking = ground.request(node, most, most);
      const others = [ground.fleet.tickAll(), ground.settle(at, 70n)];
      if (givesBack) others.push(node.desk.giveBack().catch(() => {}));
      await Promise.all([asking, ...others]);
    }),
  ),
  fc
    .tuple(which, fc.bigInt({ min: 0n, max: 100n }))
    .map(([at, part]) => step(`settle(${at}, ${part} %)`, (ground) => ground.settle(at, part))),
  which.map((at) =>
    step(`kill(${at})`, async (ground) => {
      const node = ground.node(at);
      if (!node) return;
      await node.kill();
      ground.loseRequestsOf(node);
      ground.answersToLose = 0;
      await node.restart();
    }),
  ),
  which.map((at) =>
    step(`power loss(${at})`, async (ground) => {
      const node = ground.node(at);
      if (!node) return;
      const loseLastCommits = keepCopy(node);
      // What is written from here on is lost; the provider's bill is not.
      await ground.request(node, 50n, 1n);
      const last = ground.truth.open.findLastIndex((one) => one.node === node);
      if (last >= 0) await ground.settle(last, 100n);
      // A machine loses its power as a whole: the others were other machines.
      await node.kill();
      loseLastCommits();
      ground.loseRequestsOf(node);
      ground.truth.hasLost = true;
      ground.answersToLose = 0;
      ground.fleet.bootId = `boot-${Math.random()}`;
      await node.restart();
    }),
  ),
  fc.constantFrom(1_000, 6_000, DAY_MS / 3, DAY_MS, 3 * DAY_MS).map((byMs) =>
    step(`later(${byMs} ms)`, async (ground) => {
      ground.fleet.clock.timeMs += byMs;
      await ground.fleet.tickAll();
    }),
  ),
  fc.constantFrom(60_000, DAY_MS).map((byMs) =>
    step(`a clock put back(${byMs} ms)`, async (ground) => {
      ground.fleet.clock.wallOffsetMs -= byMs;
      await ground.fleet.tickAll();
    }),
  ),
  fc
    .tuple(fc.constantFrom(...BUDGETS), fc.bigInt({ min: 0n, max: 1500n }))
    .map(([id, limit]) => step(`set(${id}, ${limit})`, (ground) => ground.setLimit(id, limit))),
  fc.nat({ max: 2 }).map((answers) =>
    step(`lose answers(${answers})`, (ground) => {
      ground.answersToLose = answers;
      return Promise.resolve();
    }),
  ),
  fc.constant(
    step("a gateway more", async (ground) => {
      if (ground.fleet.nodes.length < 4) await ground.fleet.start(undefined, { store: ground.store });
    }),
  ),
  which.map((at) =>
    step(`stop(${at})`, async (ground) => {
      const node = ground.node(at);
      if (!node || ground.truth.open.some((request) => request.node === node)) return;
      ground.answersToLose = 0;
      await node.close();
      await node.restart();
    }),
  ),
];

test(
  "whatever happens, in whatever order, no budget is overspent, and at rest nothing is missing",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(STEPS, { maxCommands: 60, size: "max" }), async (steps) => {
        await using fleet = await Fleet.open();
        const ground = new Ground(fleet);
        await ground.setLimit("bud_day", 1000n);
        await ground.setLimit("bud_week", 2000n);
        await fleet.start(undefined, { store: ground.store });
        await fleet.start(undefined, { store: ground.store });
        await fc.asyncModelRun(() => ({ model: {}, real: ground }), steps);
        await ground.rest();
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  Math.max(60_000, RUNS * 4_000),
);
