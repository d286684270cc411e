// What becomes of a budget's money when gateways share it, die, lose power, or stand on another database.
import { describe, expect, test } from "bun:test";
import { silentLog, systemClock, systemRandomness } from "../../kernel/index.ts";
import { type AbandonedLedger, settleAbandoned } from "../../ledger/index.ts";
import { codeOf, Fleet, keepCopy, withTx } from "../fleet.testing.ts";
import { Limiter } from "../limiter.ts";
import { nodeIdentity } from "./node.ts";
import { recoverNode } from "./register.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** After this long without use a slice goes back. */
const IDLE_SLICE_MS = 6000;

describe("one gateway", () => {
  test("what does not fit is refused before anything is reserved, and a smaller request still fits", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    const first = await node.request(60n);
    expect(await codeOf(node.request(41n))).toBe("budget_exceeded");
    const second = await node.request(40n);
    await node.settle(first, 10n);
    await node.settle(second, 40n);
    expect(await codeOf(node.request(51n))).toBe("budget_exceeded");
    await node.settle(await node.request(50n), 50n);
    await node.close();
    expect(await fleet.settledNanos("bud_day")).toBe(100n);
  });

  test("the refusal names the budget, what is left, what was needed, and when it begins anew", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    await node.settle(await node.request(30n), 30n);
    const refusal = await node.request(71n).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "budget_exceeded",
      retryable: false,
      message: 'the budget "everything/day" has $0.00000007 left, and this request needs up to $0.000000071',
      details: { budget: "everything/day", leftUsd: "0.00000007", resetsAt: "2026-11-24T00:00:00.000Z" },
    });
  });

  test("of several budgets the smallest decides, and a refusal takes nothing of the others", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n, unit: "day" });
    await fleet.set({ limitNanos: 1000n, unit: "month" });
    const node = await fleet.start();
    expect(await codeOf(node.request(101n))).toBe("budget_exceeded");
    await node.settle(await node.request(100n), 100n);
    await node.close();
    expect(await fleet.settledNanos("bud_day")).toBe(100n);
    expect(await fleet.settledNanos("bud_month")).toBe(100n);
  });

  test("where the output limit is Ownkey's own, a request takes what is left, down to the least that makes sense", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    const { reservation } = await node.request(500n, { leastNanos: 60n });
    expect(reservation.hardNanos).toBe(100n);
    reservation.settle(45n);
    expect(await codeOf(node.request(500n, { leastNanos: 60n }))).toBe("budget_exceeded");
    expect((await node.request(500n, { leastNanos: 55n })).reservation.hardNanos).toBe(55n);
  });

  test("right behind an answer a request gets all that it wants, not what is left until the answer is settled", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const { desk, book } = await fleet.start();
    const limiter = new Limiter({ desk, clock: systemClock });
    const { budgets } = book.definitions;
    const wanted = { budgets, mostNanos: 60n, leastNanos: 1n, guessNanos: 60n };
    const first = await limiter.reserve(wanted);
    first.end();
    setTimeout(() => first.settle(10n), 2);
    const second = await limiter.reserve(wanted);
    expect(second.hardNanos).toBe(60n);
    second.settle(10n);
  });

  test("what cost more than was reserved is booked in full, and nothing more is given out", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    await node.settle(await node.request(50n), 130n);
    expect(await codeOf(node.request(1n))).toBe("budget_exceeded");
    await node.close();
    expect(await fleet.settledNanos("bud_day")).toBe(130n);
  });

  test("what requests under way may give back is waited for, and named when they do not", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    let pauses = 0;
    let onPause = () => {};
    const pause = async (timeMs: number) => {
      pauses++;
      fleet.clock.timeMs += timeMs;
      onPause();
    };
    const limiter = new Limiter({ desk: node.desk, clock: fleet.clock, pause });
    const { budgets } = node.book.definitions;
    const reserve = async (nanos: bigint) =>
      await limiter.reserve({ budgets, mostNanos: nanos, leastNanos: nanos, guessNanos: nanos });
    const first = await reserve(90n);
    onPause = () => first.settle(20n);
    const second = await reserve(60n);
    expect(pauses).toBe(1);

    // It is not the day's end that is to be waited for.
    onPause = () => {};
    const refusal = await reserve(50n).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "budget_exceeded",
      hint: expect.stringContaining(
        "requests under way hold $0.00000006 of it: try again when they have ended",
      ),
      details: { leftUsd: "0.00000002", heldUnderWayUsd: "0.00000006" },
    });
    expect(pauses).toBeGreaterThan(2);

    // Nor is anything waited for that would not be enough.
    pauses = 0;
    expect(await codeOf(reserve(81n))).toBe("budget_exceeded");
    expect(pauses).toBe(0);
    second.settle(0n);
  });

  test("a slice that goes back while more is asked for is not given out a second time", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    await node.settle(await node.request(90n), 90n);
    fleet.clock.timeMs += IDLE_SLICE_MS;
    const short = codeOf(node.request(50n));
    const tick = node.desk.tick();
    expect(await short).toBe("budget_exceeded");
    await tick;
    expect(await codeOf(node.request(50n))).toBe("budget_exceeded");
    await node.settle(await node.request(10n), 10n);
    await node.close();
    expect(await fleet.settledNanos("bud_day")).toBe(100n);
  });

  test("the store learns at once what was spent, when it is to be told; asking without news costs nothing", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    await node.settle(await node.request(30n), 20n);
    const told = async () => {
      const [slice] = await fleet.store.all("SELECT spent_nanos FROM budget_grants");
      return slice?.["spent_nanos"];
    };
    expect(await told()).toBe(0);
    await node.desk.tellSpent();
    expect(await told()).toBe(20);
    const mark = fleet.store.changeMark();
    await node.desk.tellSpent();
    expect(fleet.store.changeMark()).toBe(mark);
    await node.settle(await node.request(80n), 80n);
    await node.desk.tellSpent();
    expect(await told()).toBe(100);
  });

  test("64 at once on a nearly empty budget: exactly those that fit go, none is refused that would fit", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    const tries = await Promise.allSettled(Array.from({ length: 64 }, () => node.request(10n)));
    const gone = tries.filter(({ status }) => status === "fulfilled");
    expect(gone).toHaveLength(10);
    for (const one of gone) if (one.status === "fulfilled") await node.settle(one.value, 0n);
    await node.settle(await node.request(100n), 100n);
  });
});

describe("periods", () => {
  test("a request belongs to the period it was reserved in, whenever it ends", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    const late = await node.request(100n);
    expect(await codeOf(node.request(1n))).toBe("budget_exceeded");
    fleet.clock.timeMs += DAY_MS;
    const next = await node.request(100n);
    await node.settle(late, 70n);
    await node.settle(next, 20n);
    await node.settle(await node.request(80n), 80n);
    await node.close();
    const periods = [...(await fleet.committed()).values()];
    expect(periods.map(({ settled }) => String(settled)).sort()).toEqual(["100", "70"]);
    expect(periods.every(({ granted }) => granted === 0n)).toBe(true);
  });

  test("a clock that is put back opens no period anew", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    const node = await fleet.start();
    await node.settle(await node.request(100n), 100n);
    fleet.clock.timeMs += DAY_MS;
    await node.settle(await node.request(100n), 100n);
    await node.close();
    fleet.clock.timeMs -= 2 * DAY_MS;
    const again = await fleet.start();
    expect(await codeOf(again.request(1n))).toBe("budget_exceeded");
  });
});

describe("changes", () => {
  test("a budget that is lowered binds what is given out from then on, and calls back what is not in use", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    const running = await node.request(100n);
    await fleet.set({ limitNanos: 120n });
    await fleet.tellAll();
    await node.desk.tick();
    expect(await codeOf(node.request(21n))).toBe("budget_exceeded");
    const fits = await node.request(20n);
    await node.settle(running, 100n);
    await node.settle(fits, 20n);
  });

  test("a budget that is raised gives more with the next request", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 10n });
    const node = await fleet.start();
    expect(await codeOf(node.request(11n))).toBe("budget_exceeded");
    await fleet.set({ limitNanos: 20n });
    await fleet.tellAll();
    await node.settle(await node.request(20n), 20n);
  });

  test("a change that nobody told of is found when the store is asked", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 10n });
    const node = await fleet.start();
    expect(await codeOf(node.request(11n))).toBe("budget_exceeded");
    await fleet.set({ limitNanos: 20n });
    await node.settle(await node.request(20n), 20n);
  });
});

describe("several gateways", () => {
  test("what one holds and does not use comes back to another that needs it", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const [one, two] = [await fleet.start(), await fleet.start()];
    const small = await one.request(10n);
    expect(one.desk.slice("bud_day")?.amountNanos).toBeGreaterThan(10n);
    const large = await two.request(990n);
    expect(await codeOf(two.request(1n))).toBe("budget_exceeded");
    expect(await codeOf(one.request(1n))).toBe("budget_exceeded");
    await one.settle(small, 10n);
    await two.settle(large, 990n);
  });

  test("idle slices go back by themselves", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    await node.settle(await node.request(10n), 10n);
    fleet.clock.timeMs += 6_000;
    await node.desk.tick();
    const [period] = (await fleet.committed()).values();
    expect(period).toEqual({ settled: 10n, granted: 0n });
    expect(node.desk.isEmpty).toBe(true);
  });

  test("a store that cannot be reached refuses as unavailable, not as spent; what is held goes on", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    let isCut = false;
    const store = withTx(fleet.store, async (work) => {
      if (isCut) throw new Error("no route to the store");
      return await fleet.store.tx(work);
    });
    const node = await fleet.start("cut-off", { store });
    await node.settle(await node.request(10n), 10n);
    isCut = true;
    const held = node.desk.slice("bud_day")?.availableNanos ?? 0n;
    await node.settle(await node.request(held), held);
    expect(await codeOf(node.request(1n))).toBe("budget_unavailable");
    isCut = false;
    await node.settle(await node.request(1n), 1n);
  });

  test("an answer that got lost is neither spent twice nor lost", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 100n });
    let losesAnswers = false;
    const store = withTx(fleet.store, async (work) => {
      const result = await fleet.store.tx(work);
      if (losesAnswers) throw new Error("the answer got lost");
      return result;
    });
    const node = await fleet.start("half-cut", { store });
    await node.settle(await node.request(10n), 10n);
    losesAnswers = true;
    expect(await codeOf(node.request(90n))).toBe("budget_unavailable");
    losesAnswers = false;
    await node.settle(await node.request(90n), 90n);
    expect(await codeOf(node.request(1n))).toBe("budget_exceeded");
    await node.close();
    expect(await fleet.settledNanos("bud_day")).toBe(100n);
  });
});

describe("what does not end as it should", () => {
  test("kill -9: the next run counts exactly, open requests at their reservation", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    await node.settle(await node.request(100n), 30n);
    await node.request(50n);
    await node.kill();
    const next = await node.restart();
    expect(await fleet.settledNanos("bud_day")).toBe(80n);
    await next.settle(await next.request(920n), 920n);
    expect(await codeOf(next.request(1n))).toBe("budget_exceeded");
  });

  test("power loss: nothing is spent twice; what was in the slice counts as spent", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    await node.settle(await node.request(10n), 10n);
    const slice = node.desk.slice("bud_day")?.amountNanos ?? 0n;
    const loseLastCommits = keepCopy(node);
    await node.settle(await node.request(20n), 20n);
    await node.kill();
    loseLastCommits();
    fleet.bootId = "boot-2";
    await node.restart();
    expect(await fleet.settledNanos("bud_day")).toBe(slice);
  });

  test("a folder that is gone: what it held counts as spent, the rest goes on", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    await node.request(100n);
    const held = node.desk.slice("bud_day")?.amountNanos ?? 0n;
    await node.kill();
    const other = await fleet.start();
    expect(await codeOf(other.request(1001n - held))).toBe("budget_exceeded");
    await other.settle(await other.request(1000n - held), 1n);
  });

  test("a gateway that is not started again is accounted for by another of its machine", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    await node.settle(await node.request(100n), 30n);
    await node.request(50n);
    await node.kill();
    const account = async ({ path, chargedSince }: AbandonedLedger) => {
      const identity = nodeIdentity({ ledgerPath: path, bootId: fleet.bootId, randomness: systemRandomness });
      const { store, clock } = fleet;
      const nowMs = clock.nowMs();
      await recoverNode({ store, identity, randomness: systemRandomness, chargedSince, nowMs }, silentLog);
    };
    const options = { dir: fleet.folder, clock: fleet.clock, log: silentLog, account };
    expect(await settleAbandoned(options)).toBe(1);
    expect(await fleet.committed().then((all) => [...all.values()])).toEqual([{ settled: 80n, granted: 0n }]);
    expect(await settleAbandoned(options)).toBe(0);
  });

  test("a process that was believed dead and is not spends nothing any more", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    const open = await node.request(100n);
    const twin = await fleet.start(node.name);
    await twin.desk.recover();
    await node.settle(open, 100n);
    // It finds out with its next word to the store, and begins anew as somebody else.
    await node.desk.giveBack();
    expect(await fleet.settledNanos("bud_day")).toBe(100n);
    await node.settle(await node.request(900n), 900n);
    expect(await codeOf(twin.request(1n))).toBe("budget_exceeded");
  });

  test("a restored database: hard budgets refuse until they are set anew, soft ones go on", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    await node.settle(await node.request(10n), 10n);
    await fleet.restored();
    await fleet.tellAll();
    const fresh = await fleet.start();
    const refusal = await fresh.request(10n).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "budget_exceeded", details: { spent: "unknown" } });
    await fleet.set({ limitNanos: 1000n });
    await fleet.tellAll();
    await fresh.settle(await fresh.request(10n), 10n);
  });

  test("slices of the life before are void once the database was restored", async () => {
    await using fleet = await Fleet.open();
    await fleet.set({ limitNanos: 1000n });
    const node = await fleet.start();
    const open = await node.request(10n);
    await fleet.restored();
    await node.settle(open, 10n);
    await node.desk.giveBack().catch(() => {});
    expect(node.desk.slice("bud_day")).toBeUndefined();
    expect(await codeOf(node.request(1n))).toBe("budget_exceeded");
  });
});
