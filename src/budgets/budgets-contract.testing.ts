// What budgets must do on every engine. Each engine's test file opens the ground and runs it.
import { describe, expect, test } from "bun:test";
import type { Caller, Perform, RowSealer } from "../access/index.ts";
import { AppError, type Clock, idMaker, systemRandomness } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import { BudgetBook } from "./book.ts";
import type { Budget } from "./budget.ts";
import { Budgets, type SetBudget } from "./budgets.ts";
import type { NodeIdentity } from "./slices/node.ts";
import { type Membership, register } from "./slices/register.ts";
import { type Ask, type Report, trade, type TradeAnswer } from "./slices/trade.ts";
import { beginLineage, openState, readState } from "./store-state.ts";

/** A store with access on top of it, as the access room's tests open it. */
export interface Ground extends AsyncDisposable {
  readonly store: Store;
  readonly clock: Clock & { timeMs: number };
  readonly perform: Perform;
  readonly vault: RowSealer & { locked: boolean };
  /** The audit log as `caller action subject outcome`. */
  entries(): Promise<string[]>;
}

const ADA: Caller = { kind: "cli", user: "ada" };
const GATEWAY: Caller = { kind: "gateway", node: "node_1" };
const USD = 1_000_000_000n;
const LAPTOP = { subject: { kind: "vk", value: "vk_1" }, subjectName: "vk:laptop" } as const;
const PER_MONTH: SetBudget = { ...LAPTOP, limitNanos: 20n * USD, unit: "month" };
const PER_DAY: SetBudget = { ...LAPTOP, limitNanos: 2n * USD, unit: "day" };

/** A request of nobody in particular. */
const NOBODY = { user: null, team: null, project: null, tool: null, connectionId: "conn_1", model: "m" };

/** A gateway that takes and gives slices by hand. */
class Holder {
  #member: Membership | undefined;
  readonly #ground: Ground;
  readonly #identity: NodeIdentity;
  readonly #known = new Set<number>();

  constructor(ground: Ground, id: string) {
    this.#ground = ground;
    this.#identity = { id, place: `boot:${id}`, renew: () => this.#identity };
  }

  /** Asks for a slice; gives its number. */
  async take(budget: Budget, needNanos: bigint): Promise<number> {
    const answer = await this.#trade([], [{ budget, needNanos, slice: undefined }]);
    const grantId = answer.granted[0]?.grantId ?? -1;
    this.#known.add(grantId);
    return grantId;
  }

  /** What is left of a budget to whoever asks; nothing is taken. */
  async ask(budget: Budget): Promise<{ left: bigint; unknown: boolean }> {
    const { granted } = await this.#trade([], [{ budget, needNanos: 0n, slice: undefined }]);
    return { left: granted[0]?.leftNanos ?? -1n, unknown: granted[0]?.unknown ?? false };
  }

  async report(report: Report): Promise<void> {
    await this.#trade([report], []);
  }

  async #trade(reports: readonly Report[], asks: readonly Ask[]) {
    const { store, clock } = this.#ground;
    const nowMs = clock.timeMs;
    if (this.#member?.lineage !== (await readState(store))?.lineage) this.#member = undefined;
    this.#member ??= (
      await register({
        store,
        identity: this.#identity,
        randomness: systemRandomness,
        chargedSince: () => new Map(),
        nowMs,
      })
    ).member;
    const answer: TradeAnswer = await trade({
      store,
      member: this.#member,
      uncertain: 0,
      definitions: (await readState(store))?.definitions ?? -1,
      known: this.#known,
      ledgerRow: 0,
      reports,
      asks,
      nowMs,
    });
    if (answer.kind !== "done") throw new Error(answer.kind);
    this.#member = { ...this.#member, sequence: answer.sequence };
    return answer;
  }
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "resolved",
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );
}

export function budgetsContract(engine: string, openGround: () => Promise<Ground>): void {
  const open = async () => {
    const ground = await openGround();
    const { store, clock, perform, vault } = ground;
    const origin = { place: "file 1" };
    await openState(store, { origin, nowMs: clock.timeMs, randomness: systemRandomness });
    const newId = idMaker(clock, systemRandomness);
    const budgets = new Budgets({ store, perform, sealer: vault, clock, newId });
    const restore = () =>
      store.tx((tx) => beginLineage(tx, { nowMs: clock.timeMs, randomness: systemRandomness }));
    return {
      ...ground,
      ground,
      budgets,
      restore,
      [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
    };
  };
  /** The period is that of the store's clock: on a server not the test's. */
  const spentOf = async (budgets: Budgets, budget: Budget) => {
    const { spentNanos, heldNanos, leftNanos } = await budgets.standing(budget);
    return { spentNanos, heldNanos, leftNanos };
  };

  describe(`budgets on ${engine}`, () => {
    test("a new budget is hard, counts from now on, and begins anew with the calendar of UTC", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, PER_MONTH);
      expect(budget).toMatchObject({
        name: "vk:laptop/month",
        limitNanos: 20n * USD,
        unit: "month",
        timeZone: "UTC",
        resetDay: 1,
        hard: true,
        allow: [],
        generation: 1,
        lineage: (await readState(at.store))?.lineage,
      });
      expect(await at.budgets.load(budget.id)).toEqual(budget);
      expect(await at.budgets.list()).toEqual({ budgets: [budget], damaged: [] });
      expect(await spentOf(at.budgets, budget)).toEqual({
        spentNanos: 0n,
        heldNanos: 0n,
        leftNanos: 20n * USD,
      });
      expect(await at.entries()).toEqual([`cli:ada budget.set ${budget.id} ok`]);
    });

    test("what is not named stays; subject and period name the budget, and several periods are several budgets", async () => {
      await using at = await open();
      const first = await at.budgets.set(ADA, {
        ...PER_MONTH,
        hard: false,
        timeZone: "Europe/Berlin",
        resetDay: 15,
        allow: ["store", "background", "store"],
      });
      expect(first.allow).toEqual(["background", "store"]);
      at.clock.timeMs += 1000;
      const second = await at.budgets.set(ADA, { ...PER_MONTH, limitNanos: 5n * USD });
      expect(second).toEqual({ ...first, limitNanos: 5n * USD, generation: 2, setAtMs: at.clock.timeMs });
      const third = await at.budgets.set(ADA, { ...PER_MONTH, hard: true, allow: [], resetDay: 1 });
      expect(third).toMatchObject({ hard: true, allow: [], resetDay: 1, generation: 3, id: first.id });
      const daily = await at.budgets.set(ADA, PER_DAY);
      expect(await at.budgets.of(LAPTOP.subject)).toEqual([third, daily]);
      expect(await at.budgets.of({ kind: "everything" })).toEqual([]);
      expect((await readState(at.store))?.definitions).toBe(4);
    });

    test.each<[string, Partial<SetBudget>]>([
      ["an unknown zone", { timeZone: "Mars/Olympus" }],
      ["a 32nd of the month", { resetDay: 32 }],
      ["half a day of the month", { resetDay: 1.5 }],
      ["an eighth day of the week", { unit: "week", resetDay: 8 }],
      ["a time zone of what never begins anew", { unit: "lifetime", timeZone: "Europe/Berlin" }],
      ["a reset day of a day", { unit: "day", resetDay: 1 }],
      ["more than the database holds", { limitNanos: 2n ** 62n }],
      ["more spent than the database holds", { spentNanos: 2n ** 62n }],
      ["a field with a blank", { allow: ["a b"] }],
      ["an empty field", { allow: [""] }],
    ])("%s is refused, and nothing is set", async (_, wrong) => {
      await using at = await open();
      expect(await codeOf(at.budgets.set(ADA, { ...PER_MONTH, ...wrong }))).toBe("invalid_input");
      expect(await at.budgets.list()).toEqual({ budgets: [], damaged: [] });
      expect((await readState(at.store))?.definitions).toBe(0);
    });

    test("whoever may not, changes nothing and learns nothing", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, PER_MONTH);
      expect(await codeOf(at.budgets.set(GATEWAY, { ...PER_MONTH, limitNanos: 9n * USD }))).toBe("denied");
      expect(await codeOf(at.budgets.remove(GATEWAY, budget.id))).toBe("denied");
      expect(await codeOf(at.budgets.remove(GATEWAY, "bud_none"))).toBe("denied");
      expect(await codeOf(at.budgets.resume(GATEWAY, { connectionId: "conn_1", model: "m" }))).toBe("denied");
      expect(await at.budgets.load(budget.id)).toEqual(budget);
      expect((await at.entries()).slice(2)).toEqual([
        "gateway:node_1 budget.remove - denied",
        "gateway:node_1 budget.remove - denied",
        "gateway:node_1 budget.resume conn_1 denied",
      ]);
    });

    test("a row changed outside is told, not believed, and can be removed", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, PER_MONTH);
      await at.store.run("UPDATE budgets SET limit_nanos = limit_nanos * 10");
      expect(await codeOf(at.budgets.load(budget.id))).toBe("corrupt");
      expect(await codeOf(at.budgets.set(ADA, PER_MONTH))).toBe("corrupt");
      const { budgets, damaged } = await at.budgets.list();
      expect({ budgets, damaged: damaged.map(({ id }) => id) }).toEqual({
        budgets: [],
        damaged: [budget.id],
      });
      await at.budgets.remove(ADA, budget.id);
      expect(await at.budgets.list()).toEqual({ budgets: [], damaged: [] });
    });

    test.each<[string, (store: Store) => Promise<unknown>]>([
      ["was taken away", (store) => store.run("DELETE FROM budgets")],
      ["was taken away but for its copy's", (store) => store.run("DELETE FROM budget_copies")],
      [
        "is the one of before",
        async (store) => {
          await store.run("DELETE FROM budgets");
          await store.run("INSERT INTO budgets SELECT * FROM older_budgets");
        },
      ],
    ])(
      "a genuine row that %s is told, and no request is let through until somebody has looked",
      async (_, harm) => {
        await using at = await open();
        await at.budgets.set(ADA, { ...PER_MONTH, limitNanos: 90n * USD });
        await at.store.run("CREATE TABLE older_budgets AS SELECT * FROM budgets");
        const budget = await at.budgets.set(ADA, PER_MONTH);
        const book = new BudgetBook({ store: at.store, sealer: at.vault, onChanged() {} });
        const codeFor = (virtualKeyId: string) =>
          codeOf(Promise.resolve().then(() => book.covering({ ...NOBODY, virtualKeyId })));
        await book.reload();
        expect(await codeFor("vk_1")).toBe("resolved");
        await harm(at.store);
        await book.reload();
        expect(await codeFor("vk_1")).toBe("budget_unavailable");
        expect(await codeFor("vk_other")).toBe("budget_unavailable");
        expect(await codeOf(at.budgets.load(budget.id))).toBe("corrupt");
        expect(await codeOf(at.budgets.of(LAPTOP.subject))).toBe("corrupt");
        expect(await codeOf(at.budgets.set(ADA, PER_MONTH))).toBe("corrupt");
        at.vault.locked = true;
        expect(await at.budgets.damaged()).toEqual(["vk:laptop/month"]);
        at.vault.locked = false;
        expect(await at.budgets.damaged()).toEqual(["vk:laptop/month"]);
        const { budgets, damaged } = await at.budgets.list();
        expect({ budgets, damaged: damaged.map(({ id }) => id) }).toEqual({
          budgets: [],
          damaged: [budget.id],
        });
        await at.budgets.remove(ADA, budget.id);
        expect(await at.budgets.list()).toEqual({ budgets: [], damaged: [] });
        await book.reload();
        expect(await codeFor("vk_1")).toBe("resolved");
      },
    );

    test("of several who set the same budget at once each is heard, and there is one", async () => {
      await using at = await open();
      const limits = [1n, 2n, 3n, 4n];
      const set = await Promise.allSettled(
        limits.map((limitNanos) => at.budgets.set(ADA, { ...PER_MONTH, limitNanos })),
      );
      const done = set.filter(({ status }) => status === "fulfilled");
      expect(done).toHaveLength(limits.length);
      const { budgets } = await at.budgets.list();
      expect(budgets.map(({ generation }) => generation)).toEqual([limits.length]);
    });

    test("removing works while the vault is locked, and a budget set again counts from zero", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: 3n * USD });
      at.vault.locked = true;
      await at.budgets.remove(ADA, budget.id);
      expect(await codeOf(at.budgets.remove(ADA, budget.id))).toBe("not_found");
      at.vault.locked = false;
      const again = await at.budgets.set(ADA, PER_MONTH);
      expect(again.id).not.toBe(budget.id);
      expect((await at.budgets.standing(again)).spentNanos).toBe(0n);
    });

    test("a standing counts what is settled, what gateways said they spent, and what they hold", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: 4n * USD });
      const holder = new Holder(at.ground, "node_a");
      const grantId = await holder.take(budget, 2n * USD);
      await holder.report({ grantId, amountNanos: 3n * USD, spentNanos: USD, close: false });
      const standing = await at.budgets.standing(budget);
      expect(standing).toMatchObject({
        spentNanos: 5n * USD,
        heldNanos: 2n * USD,
        leftNanos: 15n * USD,
        usedShare: 0.25,
        unknown: false,
      });
      expect(standing.period.endMs).toBeGreaterThan(at.clock.timeMs - 40 * 86_400_000);
      await holder.report({ grantId, amountNanos: 0n, spentNanos: 2n * USD, close: true });
      expect(await spentOf(at.budgets, budget)).toEqual({
        spentNanos: 6n * USD,
        heldNanos: 0n,
        leftNanos: 14n * USD,
      });
      expect(await at.budgets.near()).toEqual([
        {
          name: "vk:laptop/month 20usd/month",
          usedShare: 0.3,
          resetsAtMs: standing.period.endMs,
          blocks: true,
        },
      ]);
    });

    test("what is said to be spent takes the place of what was counted; what slices reported is not counted twice", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: 9n * USD });
      const holder = new Holder(at.ground, "node_a");
      const grantId = await holder.take(budget, 2n * USD);
      await holder.report({ grantId, amountNanos: 3n * USD, spentNanos: USD, close: false });
      await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: 5n * USD });
      expect(await spentOf(at.budgets, budget)).toEqual({
        spentNanos: 5n * USD,
        heldNanos: 2n * USD,
        leftNanos: 15n * USD,
      });
      await holder.report({ grantId, amountNanos: 0n, spentNanos: 3n * USD, close: true });
      expect((await at.budgets.standing(budget)).spentNanos).toBe(7n * USD);
      await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: 0n });
      expect((await at.budgets.standing(budget)).spentNanos).toBe(0n);
    });

    test("another zone or reset day gives no money back, however often it changes", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, { ...PER_DAY, spentNanos: USD });
      const holder = new Holder(at.ground, "node_a");
      const grantId = await holder.take(budget, USD / 2n);
      const held = (await at.budgets.standing(budget)).heldNanos;
      const moved = await at.budgets.set(ADA, { ...PER_DAY, timeZone: "Asia/Kathmandu" });
      const after = await at.budgets.standing(moved);
      expect(after.period.key).not.toBe((await at.budgets.standing(budget)).period.key);
      expect(after.spentNanos).toBe(USD + held);
      await holder.report({ grantId, amountNanos: 0n, spentNanos: held, close: true });
      const back = await at.budgets.set(ADA, { ...PER_DAY, timeZone: "UTC" });
      expect((await at.budgets.standing(back)).spentNanos).toBe(USD + held);
    });

    test("after a restore a budget refuses until it is set; slices of the life before count in full", async () => {
      await using at = await open();
      const budget = await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: USD });
      await new Holder(at.ground, "node_a").take(budget, 2n * USD);
      const { heldNanos } = await at.budgets.standing(budget);
      await at.restore();
      expect(await at.budgets.standing(budget)).toMatchObject({
        unknown: true,
        spentNanos: USD + heldNanos,
        heldNanos: 0n,
      });
      expect((await at.budgets.near())[0]?.usedShare).toBe(1);
      const holder = new Holder(at.ground, "node_b");
      expect((await holder.ask(budget)).unknown).toBe(true);

      const again = await at.budgets.set(ADA, { ...PER_MONTH });
      expect(await holder.ask(again)).toEqual({ left: 19n * USD - heldNanos, unknown: false });
      const told = await at.budgets.set(ADA, { ...PER_MONTH, spentNanos: (16n * USD) / 5n });
      expect(await holder.ask(told)).toEqual({ left: (84n * USD) / 5n, unknown: false });
      expect(await at.budgets.standing(told)).toMatchObject({ unknown: false, heldNanos: 0n });
    });

    test("a suspended model is listed until somebody lets it in again, which gateways notice", async () => {
      await using at = await open();
      await at.store.run(
        `INSERT INTO budget_suspensions (connection_id, model, since_ms, reserved_nanos, cost_nanos)
         VALUES ('conn_1', 'gpt-5', 7, 100, 250)`,
      );
      expect(await at.budgets.suspensions()).toEqual([
        { connectionId: "conn_1", model: "gpt-5", sinceMs: 7, reservedNanos: 100n, costNanos: 250n },
      ]);
      const target = { connectionId: "conn_1", model: "gpt-5" };
      await at.budgets.resume(ADA, target);
      expect(await at.budgets.suspensions()).toEqual([]);
      expect((await readState(at.store))?.definitions).toBe(1);
      expect(await codeOf(at.budgets.resume(ADA, target))).toBe("not_found");
      expect(await at.entries()).toEqual(["cli:ada budget.resume conn_1 ok"]);
    });
  });
}
