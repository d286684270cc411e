import { type Clock, type Log, toAppError } from "../../../kernel/index.ts";
import { intOf, type Store, textOf } from "../../../store/index.ts";
import type { Admission } from "../admission.ts";
import type { Counter } from "../counter.ts";
import type { Sharing } from "../sharing.ts";
import type { KeptCounts } from "./counts.ts";
import { exchange, type ExchangeAnswer, type Holding, leave } from "./exchange.ts";
import { giveUp, IDLE_MS } from "./giving.ts";

export interface ShareDeskOptions {
  readonly store: Store;
  /** The same in every run of this gateway, and nobody else's. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The counters in use. */
  counters(): Iterable<Counter>;
  /** By what the store calls it. */
  counter(id: string): Counter | undefined;
  /** Counted by a run before this one, of limits that were not used in this one. */
  kept(): ReadonlyMap<string, number>;
  /** Anything at all is counted. */
  inUse(): boolean;
  /** Counted by a run before this one, or by a gateway that is gone. */
  onInherited(counts: readonly KeptCounts[]): void;
  /** Waits; tests pass the time themselves. */
  readonly pause?: ((timeMs: number) => Promise<void>) | undefined;
}

/**
 * Longer than a gateway serves without having seen its store (15 s): before others take over its shares, it serves nobody.
 */
export const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** How long a request waits for what others hold. */
const WAIT_MS = 500;
const ASK_AGAIN_MS = 20;
const TRY_STORE_AGAIN_MS = 1_000;
/** Whoever has just been told that there is nothing is not told again for so long. */
const ASK_EVERY_MS = 200;
/** Rows of one transaction. */
const CHUNK = 500;

const NOBODY_WANTS: ReadonlyMap<string, number> = new Map();

/**
 * This gateway's shares of limits. While it is alone, all limits are its own, and the store is asked for nothing but who
 * else serves. Shares are lowered here before the store is told and raised after it has agreed: all gateways together
 * never use more than a limit.
 */
export class ShareDesk implements Sharing {
  readonly #options: ShareDeskOptions;
  #joined = false;
  #alone = false;
  /** Which number of newcomers was acknowledged. */
  #seen = 0;
  #leaseUntilMs = 0;
  #renewAtMs = 0;
  /** The store cannot be reached: then the shares at hand are good for longer. */
  #storeLost = false;
  /** The store's time is so far ahead of this process's monotonic clock. */
  #storeAheadMs = 0;
  #mark: number | undefined;
  /** Limits of which the store is to be told that less is held. */
  readonly #lowered = new Set<Counter>();
  /** Limits that the store is to be asked for. */
  readonly #asked = new Set<Counter>();
  readonly #refusedAtMs = new WeakMap<Counter, number>();
  readonly #othersFreeAtMs = new WeakMap<Counter, number>();
  #askedAtMs = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: ShareDeskOptions) {
    this.#options = options;
  }

  get isAlone(): boolean {
    return this.#alone;
  }

  firstShare(): number {
    return this.#alone ? Number.POSITIVE_INFINITY : 0;
  }

  isCurrent(): boolean {
    return this.#storeLost || this.#options.clock.monotonicMs() < this.#leaseUntilMs;
  }

  mayAsk(counter: Counter): boolean {
    if (this.#alone || counter.share >= counter.limit) return false;
    const refusedAtMs = this.#refusedAtMs.get(counter);
    return refusedAtMs === undefined || this.#nowMs() - refusedAtMs >= ASK_EVERY_MS;
  }

  async ask(wants: ReadonlyMap<Counter, number>, attempt: () => Admission | undefined) {
    const untilMs = this.#nowMs() + WAIT_MS;
    for (const [counter, amount] of wants) {
      counter.wanted += amount;
      this.#asked.add(counter);
    }
    let admission: Admission | undefined;
    try {
      admission = await this.#tryUntil(untilMs, wants, attempt);
    } catch (error) {
      this.#lost(error);
      admission = attempt();
    }
    for (const [counter, amount] of wants) {
      counter.wanted = Math.max(0, counter.wanted - amount);
      if (admission === undefined) this.#refusedAtMs.set(counter, this.#nowMs());
    }
    return admission;
  }

  async #tryUntil(
    untilMs: number,
    wants: ReadonlyMap<Counter, number>,
    attempt: () => Admission | undefined,
  ): Promise<Admission | undefined> {
    for (;;) {
      let admission: Admission | undefined;
      await this.#serially(async () => {
        // Whoever was served before may have brought enough for all who wait.
        if (this.isCurrent()) admission = attempt();
        if (admission === undefined) await this.#exchange();
      });
      admission ??= attempt();
      if (admission !== undefined || this.#alone || this.#nowMs() >= untilMs) return admission;
      const soonestMs = Math.max(0, ...[...wants.keys()].map((counter) => this.waitMs(counter)));
      if (soonestMs > untilMs - this.#nowMs()) return undefined;
      await (this.#options.pause ?? sleep)(ASK_AGAIN_MS);
    }
  }

  waitMs(counter: Counter): number {
    const freeAtMs = this.#othersFreeAtMs.get(counter) ?? 0;
    return Math.max(0, freeAtMs - this.#nowMs());
  }

  /** Idle ones are given back first, and forgotten when the store knows. */
  mayForget(counter: Counter): boolean {
    if (this.#alone) return true;
    if (this.#lowered.has(counter) || this.#asked.has(counter)) return false;
    if (counter.share === 0) return true;
    if (this.#nowMs() - counter.usedAtMs >= IDLE_MS) {
      counter.share = 0;
      this.#lowered.add(counter);
    }
    return false;
  }

  limitChanged(counter: Counter): void {
    if (!this.#alone) this.#lowered.add(counter);
  }

  /**
   * To be called often: costs a look at the store's change mark when nothing has happened, and something to read when
   * anybody has written anything. It writes when there is something to say.
   */
  async look(): Promise<void> {
    if (!this.#options.inUse()) return await this.#leaveUnused();
    const nowMs = this.#nowMs();
    const mark = this.#options.store.changeMark();
    const isDue = nowMs >= this.#renewAtMs;
    const hasSaying = this.#asked.size > 0 || this.#lowered.size > 0;
    const speaks = hasSaying && nowMs - this.#askedAtMs >= ASK_EVERY_MS;
    if (!isDue && !speaks && mark === this.#mark) return;
    try {
      const news = await this.#news();
      this.#mark = mark;
      if (isDue || speaks || news.isNew || news.wanted.size > 0) {
        await this.#serially(() => this.#exchange(news.wanted));
      }
    } catch (error) {
      this.#lost(error);
    }
  }

  /** Others take over at their next look. */
  async leave(): Promise<void> {
    if (this.#joined) await this.#serially(() => this.#leaveNow());
  }

  async #leaveNow(): Promise<void> {
    this.#forgetEverything();
    await leave(this.#options.store, this.#options.node);
  }

  /** Where nothing is counted nothing is shared, and nobody has to know. */
  async #leaveUnused(): Promise<void> {
    if (!this.#joined) return;
    try {
      await this.#serially(async () => {
        if (!this.#options.inUse()) await this.#leaveNow();
      });
    } catch (error) {
      this.#lost(error);
    }
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #lost(error: unknown): void {
    if (!this.#storeLost) this.#options.log.warn("rates.store_not_reached", { error: toAppError(error) });
    this.#storeLost = true;
    this.#renewAtMs = this.#nowMs() + TRY_STORE_AGAIN_MS;
  }

  #serially(work: () => Promise<void>): Promise<void> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #news(): Promise<{ isNew: boolean; wanted: ReadonlyMap<string, number> }> {
    const { store, node } = this.#options;
    const rows = await store.all("SELECT node, number, until_ms FROM rate_nodes WHERE node <> ?", [node]);
    const others = rows.filter((row) => textOf(row, "node") !== "");
    const newest = rows.find((row) => textOf(row, "node") === "");
    const storeMs = this.#nowMs() + this.#storeAheadMs;
    const isGone = others.some((row) => intOf(row, "until_ms") <= storeMs);
    const isNew = isGone || (newest !== undefined && intOf(newest, "number") > this.#seen);
    if (this.#alone || others.length === 0) {
      return { isNew: isNew || this.#alone !== (others.length === 0), wanted: NOBODY_WANTS };
    }
    const asked = await store.all(
      `SELECT theirs.counter AS counter, CAST(SUM(theirs.wanted) AS BIGINT) AS wanted, MIN(theirs.wanted_of) AS wanted_of,
              (SELECT CAST(SUM(held.share) AS BIGINT) FROM rate_shares held WHERE held.counter = theirs.counter) AS held
         FROM rate_shares theirs JOIN rate_shares mine ON mine.counter = theirs.counter
        WHERE mine.node = ? AND mine.share > 0 AND theirs.node <> ? AND theirs.wanted > 0
        GROUP BY theirs.counter`,
      [node, node],
    );
    const wanted = new Map<string, number>();
    for (const row of asked) {
      // What nobody holds is theirs to take: if it counted as missing, every look would halve what is left here.
      const free = Math.max(0, intOf(row, "wanted_of") - intOf(row, "held"));
      const missing = intOf(row, "wanted") - free;
      if (missing > 0) wanted.set(textOf(row, "counter"), missing);
    }
    return { isNew, wanted };
  }

  async #exchange(wanted = NOBODY_WANTS, claims: readonly Holding[] = [], shares = true): Promise<void> {
    const { store, node, clock } = this.#options;
    const startedMs = this.#nowMs();
    const gives = this.#gives(wanted);
    const asked = [...this.#asked];
    this.#askedAtMs = startedMs;
    const answer = await exchange({
      store,
      node,
      nowMs: clock.nowMs(),
      leaseMs: LEASE_MS,
      joins: !this.#joined,
      shares: shares && !this.#alone,
      claims,
      gives: gives.map(({ holding }) => holding),
      asks: asked.map((counter) => ({ counter: counter.id, limit: counter.limit, wanted: counter.wanted })),
    });
    if (answer.kind === "lost") {
      this.#forgetEverything();
      return await this.#exchange();
    }
    for (const { counter, holding } of gives) {
      if (counter?.share === holding.share) this.#lowered.delete(counter);
    }
    this.#take(answer, startedMs, asked);
    if (answer.others === 0) this.#becomeAlone();
    else if (this.#alone) await this.#becomeOneOfMany();
  }

  /** Lowers what others want, and tells all that was lowered. */
  #gives(wanted: ReadonlyMap<string, number>): Give[] {
    if (this.#alone) return [];
    const nowMs = this.#nowMs();
    const gives: Give[] = [];
    const kept = wanted.size > 0 ? this.#options.kept() : undefined;
    for (const [id, amount] of wanted) {
      const counter = this.#options.counter(id);
      if (counter === undefined) {
        gives.push({ counter, holding: { counter: id, share: kept?.get(id) ?? 0, freeAtMs: 0 } });
        continue;
      }
      const { freeAtMs } = giveUp(counter, amount, nowMs);
      this.#lowered.delete(counter);
      gives.push(giveOf(counter, freeAtMs === undefined ? 0 : Math.ceil(freeAtMs + this.#storeAheadMs)));
    }
    for (const counter of this.#lowered) {
      if (gives.length >= CHUNK) break;
      gives.push(giveOf(counter, 0));
    }
    // Until the store has agreed; what is lowered stays lowered.
    for (const { counter } of gives) if (counter !== undefined) this.#lowered.add(counter);
    return gives;
  }

  #take(
    { nowMs, seen, shares, takenOver, inherited }: ExchangeAnswer & { kind: "done" },
    startedMs: number,
    asked: readonly Counter[],
  ): void {
    this.#joined = true;
    this.#storeLost = false;
    this.#leaseUntilMs = startedMs + LEASE_MS;
    this.#renewAtMs = startedMs + RENEW_MS;
    this.#storeAheadMs = nowMs - this.#nowMs();
    this.#seen = seen;
    for (const { counter: id, share } of takenOver) {
      const counter = this.#options.counter(id);
      if (counter !== undefined) counter.share += share;
    }
    if (inherited.length > 0) this.#options.onInherited(inherited);
    for (const [at, counter] of asked.entries()) {
      const told = shares[at];
      if (told !== undefined && !this.#lowered.has(counter)) counter.share = told.share;
      const freeAtMs =
        told === undefined || told.othersFreeAtMs === 0 ? 0 : told.othersFreeAtMs - this.#storeAheadMs;
      this.#othersFreeAtMs.set(counter, freeAtMs);
      if (counter.wanted === 0) this.#asked.delete(counter);
    }
  }

  #becomeAlone(): void {
    if (this.#alone) return;
    this.#alone = true;
    this.#asked.clear();
    this.#lowered.clear();
    for (const counter of this.#options.counters()) {
      counter.share = Number.POSITIVE_INFINITY;
    }
  }

  /** What is in use stays here until others ask for it; only when that is written, they count on shares. */
  async #becomeOneOfMany(): Promise<void> {
    this.#alone = false;
    const claims: Holding[] = [...this.#options.kept()].map(([counter, share]) => ({
      counter,
      share,
      freeAtMs: 0,
    }));
    const nowMs = this.#nowMs();
    for (const counter of this.#options.counters()) {
      counter.share = counter.isIdle(nowMs) ? 0 : counter.limit;
      if (counter.share > 0) claims.push({ counter: counter.id, share: counter.share, freeAtMs: 0 });
    }
    for (let from = 0; from < claims.length; from += CHUNK) {
      await this.#exchange(NOBODY_WANTS, claims.slice(from, from + CHUNK), false);
    }
    await this.#exchange();
  }

  #forgetEverything(): void {
    this.#joined = false;
    this.#alone = false;
    // From now on it is asked first.
    this.#leaseUntilMs = 0;
    this.#renewAtMs = 0;
    this.#lowered.clear();
    for (const counter of this.#options.counters()) counter.share = 0;
  }
}

interface Give {
  /** `undefined` for what was not used in this run. */
  readonly counter: Counter | undefined;
  readonly holding: Holding;
}

function giveOf(counter: Counter, freeAtMs: number): Give {
  return { counter, holding: { counter: counter.id, share: counter.share, freeAtMs } };
}

function sleep(timeMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, timeMs);
  });
}
