import { AppError, type Clock, type Log, type Randomness } from "../../kernel/index.ts";
import type { Store } from "../../store/index.ts";
import type { Budget } from "../budget.ts";
import type { Definitions } from "../definitions.ts";
import type { NodeIdentity } from "./node.ts";
import { hasGrants, type Membership, register } from "./register.ts";
import { Slice } from "./slice.ts";
import { type Ask, type Granted, recalledGrants, type Report, trade, type TradeAnswer } from "./trade.ts";

export interface DeskOptions {
  readonly store: Store;
  readonly identity: NodeIdentity;
  readonly clock: Clock;
  readonly log: Log;
  readonly randomness: Randomness;
  /** The ledger's last row so far. */
  ledgerRow(): number;
  chargedSince(row: number): ReadonlyMap<number, bigint>;
  /** The budgets in force here. */
  definitions(): Definitions;
  /** Loads them anew. */
  reload(): Promise<void>;
}

/** What the store had left when a budget was last asked for. */
export interface Standing {
  readonly leftNanos: bigint;
  readonly othersNanos: bigint;
  readonly resetsAtMs: number | null;
  readonly unknown: boolean;
}

/** A request that is short: what it needs of each budget. */
export interface Need {
  readonly budget: Budget;
  readonly nanos: bigint;
}

interface Demand {
  readonly budget: Budget;
  nanos: bigint;
}

const IDLE_MS = 5_000;
const REPORT_EVERY_MS = 5_000;
/** A clock that ran this far from the monotonic one is asked again (a machine that slept). */
const DRIFT_MS = 30_000;
const JUMP_MS = 3_600_000;

/**
 * Holds this process's slices, and goes to the store for them: one transaction at a time, for all who are short at
 * that moment. Money is lowered here before the store is told and raised only after it has agreed, so that whatever
 * gets lost in between, less is spent than the store counts.
 */
export class SliceDesk {
  readonly #options: DeskOptions;
  readonly #current = new Map<string, Slice>();
  /** Slices no longer reserved from, until they are given back. */
  readonly #retired = new Set<Slice>();
  /** Of which what is not in use is to be given back. */
  readonly #shrunk = new Set<Slice>();
  readonly #standings = new Map<string, Standing>();
  #member: Membership | undefined;
  #identity: NodeIdentity;
  #uncertain = 0;
  #demands = new Map<string, Demand>();
  #trading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #storeMs = 0;
  #atMonotonicMs = 0;
  #atWallMs = 0;
  #wallMonotonicMs = 0;
  #reportedAtMs = 0;
  #recallMark: number | undefined;
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#identity = options.identity;
  }

  /** Whether anything is held: then it wants to be looked after. */
  get isEmpty(): boolean {
    return this.#current.size === 0 && this.#retired.size === 0;
  }

  /** Accounts for what an incarnation before this one has left behind, at once instead of with the first need. */
  async recover(): Promise<void> {
    const isDue = this.#member === undefined && (await hasGrants(this.#options.store, this.#identity.id));
    if (isDue) this.#member = await this.#register();
  }

  /** The store's time, carried on by a clock that never jumps. */
  nowMs(): number {
    if (this.#storeMs === 0) return this.#options.clock.nowMs();
    return this.#storeMs + Math.trunc(this.#options.clock.monotonicMs() - this.#atMonotonicMs);
  }

  /** What may be spent of a budget now without asking. */
  slice(budgetId: string): Slice | undefined {
    const slice = this.#current.get(budgetId);
    return slice !== undefined && slice.notAfterMs > this.nowMs() ? slice : undefined;
  }

  standing(budgetId: string): Standing | undefined {
    return this.#standings.get(budgetId);
  }

  /** What requests hold of a budget here; they give back what they do not use. */
  underWayNanos(budgetId: string): bigint {
    return this.slices().reduce(
      (sum, slice) => (slice.budgetId === budgetId ? sum + slice.reservedNanos : sum),
      0n,
    );
  }

  slices(): Slice[] {
    return [...this.#current.values(), ...this.#retired];
  }

  /**
   * Asks for as much as all who wait need together; resolves when the store has answered, with whatever it gave.
   * @throws AppError `budget_unavailable` when it cannot be asked.
   */
  need(needs: readonly Need[]): Promise<void> {
    for (const { budget, nanos } of needs) {
      const demand = this.#demands.get(budget.id);
      if (demand) demand.nanos += nanos;
      else this.#demands.set(budget.id, { budget, nanos });
    }
    return this.#go();
  }

  /** Asks ahead of need; nobody waits for it. */
  wish(budget: Budget, nanos: bigint): void {
    if (this.#trading !== undefined) return;
    this.need([{ budget, nanos }]).catch(() => {});
  }

  /** Gives back what is not in use, of one budget or of all; resolves when the store knows. */
  async giveBack(budgetId?: string): Promise<void> {
    for (const slice of this.#current.values()) {
      if (budgetId === undefined || slice.budgetId === budgetId) this.#retire(slice);
    }
    await this.#go();
  }

  /** What others wait for is given back. Costs a look at the store's change mark when nothing has happened. */
  async answerRecalls(): Promise<void> {
    const { store } = this.#options;
    if (this.isEmpty || this.#member === undefined) return;
    const mark = store.changeMark();
    if (mark === this.#recallMark) return;
    const recalled = new Set(await recalledGrants(store, this.#member));
    this.#recallMark = mark;
    if (recalled.size === 0) return;
    for (const slice of this.slices()) {
      if (recalled.has(slice.id)) this.#shrunk.add(slice);
    }
    await this.#go();
  }

  /** Resolves when the store knows what was spent so far. @throws AppError `budget_unavailable`. */
  async tellSpent(): Promise<void> {
    if (this.slices().some((slice) => slice.settledNanos !== slice.reportedNanos)) await this.#go();
  }

  /** To be called about every second: idle slices go back, old ones are replaced, the store learns what was spent. */
  async tick(): Promise<void> {
    const nowMs = this.nowMs();
    let due = this.#clockDrifted() || this.#uncertain > 0;
    for (const slice of this.#current.values()) {
      const idle = nowMs - slice.usedAtMs > IDLE_MS;
      if (slice.notAfterMs <= nowMs || (idle && slice.holders === 0)) {
        this.#retire(slice);
        due = true;
      } else if (idle && slice.availableNanos > 0n) {
        this.#shrunk.add(slice);
        due = true;
      } else if (slice.settledNanos !== slice.reportedNanos && nowMs - this.#reportedAtMs > REPORT_EVERY_MS) {
        due = true;
      }
    }
    for (const slice of this.#retired) due ||= slice.holders === 0;
    if (due) await this.#go();
  }

  /** A slice that nobody holds a part of any more may go back. */
  settled(slice: Slice): void {
    if (slice.retired && slice.holders === 0) this.#go().catch(() => {});
  }

  /** Gives everything back. What is still reserved stays granted: the next incarnation finds it in the ledger. */
  async close(): Promise<void> {
    if (this.#closed) return;
    for (const slice of this.#current.values()) this.#retire(slice);
    try {
      if (!this.isEmpty || this.#uncertain > 0) await this.#go();
    } finally {
      this.#closed = true;
    }
  }

  #retire(slice: Slice): void {
    slice.retired = true;
    this.#current.delete(slice.budgetId);
    this.#retired.add(slice);
  }

  /** Runs after the transaction under way, once for all who asked meanwhile. */
  #go(): Promise<void> {
    if (this.#closed) return Promise.reject(unavailable(undefined));
    if (this.#trading === undefined) {
      this.#trading = this.#run().finally(() => {
        this.#trading = undefined;
      });
      return this.#trading;
    }
    this.#next ??= this.#trading
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#go();
      });
    return this.#next;
  }

  async #run(): Promise<void> {
    const demands = [...this.#demands.values()];
    this.#demands = new Map();
    try {
      // Twice: budgets may have changed, and this process may have been replaced.
      for (let attempt = 0; attempt < 3; attempt++) {
        if (await this.#tradeOnce(demands)) return;
      }
    } catch (error) {
      throw error instanceof AppError && error.code === "vault_locked" ? error : unavailable(error);
    }
    throw unavailable(undefined);
  }

  async #tradeOnce(demands: readonly Demand[]): Promise<boolean> {
    const { store, clock, log } = this.#options;
    this.#member ??= await this.#register();
    const definitions = this.#options.definitions();
    const reports = this.#reports();
    const asks = this.#asks(demands, definitions);
    const startedMs = clock.monotonicMs();
    let answer: TradeAnswer;
    try {
      answer = await trade({
        store,
        member: this.#member,
        uncertain: this.#uncertain,
        definitions: definitions.version,
        known: new Set(this.slices().map(({ id }) => id)),
        ledgerRow: this.#options.ledgerRow(),
        reports: reports.map(({ report }) => report),
        asks,
        nowMs: clock.nowMs(),
      });
    } catch (error) {
      this.#uncertain += 1;
      throw error;
    }
    if (answer.kind === "changed") {
      await this.#options.reload();
      return false;
    }
    if (answer.kind === "fenced") {
      log.error("budgets.fenced", { node: this.#member.nodeId });
      this.#forgetEverything();
      return false;
    }
    this.#member = { ...this.#member, sequence: answer.sequence };
    this.#uncertain = 0;
    this.#takeTime(answer.nowMs, answer.behindMs, startedMs);
    for (const { slice, report } of reports) {
      slice.reportedNanos = report.spentNanos;
      if (report.close) this.#retired.delete(slice);
    }
    this.#reportedAtMs = this.nowMs();
    for (const granted of answer.granted) this.#receive(granted);
    return true;
  }

  /** Taken before the store is asked: what is lowered here stays lowered whatever comes of it. */
  #reports(): { slice: Slice; report: Report }[] {
    const reports: { slice: Slice; report: Report }[] = [];
    for (const slice of this.slices()) {
      const close = slice.retired && slice.holders === 0;
      const shrink = slice.retired || this.#shrunk.delete(slice);
      const isOver = slice.usedNanos > slice.amountNanos;
      const news = slice.settledNanos !== slice.reportedNanos;
      if (!close && !shrink && !isOver && !news) continue;
      if (shrink || isOver) slice.amountNanos = slice.usedNanos;
      reports.push({
        slice,
        report: {
          grantId: slice.id,
          amountNanos: slice.amountNanos,
          spentNanos: slice.settledNanos,
          close,
        },
      });
    }
    return reports;
  }

  #asks(demands: readonly Demand[], definitions: Definitions): Ask[] {
    return demands.flatMap(({ budget: asked, nanos }) => {
      // As it is now: it may have been changed or removed since it was asked for.
      const budget = definitions.budgets.find(({ id }) => id === asked.id);
      if (!budget) return [];
      const slice = this.slice(budget.id);
      const available = slice?.availableNanos ?? 0n;
      return [
        {
          budget,
          needNanos: nanos > available ? nanos - available : 0n,
          slice: slice && { grantId: slice.id, amountNanos: slice.amountNanos },
        },
      ];
    });
  }

  #receive(granted: Granted): void {
    this.#standings.set(granted.budgetId, {
      leftNanos: granted.leftNanos,
      othersNanos: granted.othersNanos,
      resetsAtMs: granted.period.endMs,
      unknown: granted.unknown,
    });
    const current = this.#current.get(granted.budgetId);
    if (current && current.id === granted.grantId) {
      current.amountNanos = granted.amountNanos;
      return;
    }
    // Retired while the store was asked: it is accounted for and goes back as the slice that it is.
    if ([...this.#retired].some(({ id }) => id === granted.grantId)) return;
    // The period has changed, or there was none.
    if (current && (granted.grantId !== undefined || current.period !== granted.period.key))
      this.#retire(current);
    if (granted.grantId === undefined) return;
    this.#current.set(
      granted.budgetId,
      new Slice({
        id: granted.grantId,
        budgetId: granted.budgetId,
        period: granted.period.key,
        notAfterMs: granted.notAfterMs,
        amountNanos: granted.amountNanos,
        usedAtMs: this.nowMs(),
      }),
    );
  }

  async #register(): Promise<Membership> {
    const { store, clock, log, randomness } = this.#options;
    const { member, recovered } = await register({
      store,
      identity: this.#identity,
      randomness,
      chargedSince: (row) => this.#options.chargedSince(row),
      nowMs: clock.nowMs(),
    });
    if (recovered.grants > 0) {
      log.info("budgets.recovered", { slices: recovered.grants, lostNanos: String(recovered.lostNanos) });
    }
    return member;
  }

  /** Slices that are void: what they hold counts as spent, and their requests settle in the ledger alone. */
  #forgetEverything(): void {
    this.#member = undefined;
    this.#uncertain = 0;
    this.#current.clear();
    this.#retired.clear();
    this.#shrunk.clear();
    // Not to be taken for the one that is this node now.
    this.#identity = this.#identity.renew();
  }

  #takeTime(storeMs: number, behindMs: number, askedAtMonotonicMs: number): void {
    const { clock, log } = this.#options;
    const expectedMs = this.nowMs();
    if (this.#storeMs !== 0 && storeMs - expectedMs > JUMP_MS) {
      log.warn("budgets.clock_jumped", { byMs: storeMs - expectedMs });
    }
    if (behindMs > JUMP_MS) log.warn("budgets.clock_behind", { byMs: behindMs });
    // The earlier moment of asking: this process's time is never ahead of the store's for longer than that.
    if (this.#storeMs === 0 || storeMs > expectedMs) {
      this.#storeMs = storeMs;
      this.#atMonotonicMs = askedAtMonotonicMs;
    }
    this.#atWallMs = clock.nowMs();
    this.#wallMonotonicMs = clock.monotonicMs();
  }

  #clockDrifted(): boolean {
    if (this.#storeMs === 0) return false;
    const { clock } = this.#options;
    const drift = clock.nowMs() - this.#atWallMs - (clock.monotonicMs() - this.#wallMonotonicMs);
    return Math.abs(drift) > DRIFT_MS;
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError("budget_unavailable", "the store that keeps the budgets cannot be asked now", {
    hint: "try again shortly; the log says why",
    retryable: true,
    cause,
  });
}
