import { AppError, type Clock, every, type Log, toAppError } from "../../kernel/index.ts";
import type { Store } from "../../store/index.ts";
import { CountsKeeper } from "./kept-counts.ts";
import { ProviderRates } from "./provider-rates.ts";
import { Rates } from "./rates.ts";
import { RateRules } from "./rules.ts";
import { keepSeenRates } from "./seen-rates.ts";
import { ShareDesk } from "./shares/desk.ts";
import type { SubjectLimits } from "./subject-limits.ts";

export interface GatewayRatesOptions {
  readonly store: Store;
  readonly limits: Pick<SubjectLimits, "list">;
  /** The same in every run of this gateway, and nobody else's. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For people: `connection:conn_1` → `connection:openai`. */
  readonly nameOf?: (subject: string) => string;
  /** Waits; tests pass the time themselves. */
  readonly pause?: (timeMs: number) => Promise<void>;
}

const LOOK_EVERY_MS = 50;
const SECOND_MS = 1_000;
const KEEP_EVERY_MS = 2_000;
const KEEP_SEEN_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;

/** The rate limits as one gateway process sees them: the rules, what it has counted, and its shares. */
export class GatewayRates {
  readonly rates: Rates;
  /** What providers tell of their own. */
  readonly providers: ProviderRates;
  readonly #options: GatewayRatesOptions;
  readonly #desk: ShareDesk;
  readonly #keeper: CountsKeeper;
  #timers: { close(): Promise<void> }[] = [];

  constructor(options: GatewayRatesOptions) {
    this.#options = options;
    const { clock, nameOf } = options;
    this.providers = new ProviderRates(clock);
    const keeper = new CountsKeeper(options);
    const desk: ShareDesk = new ShareDesk({
      ...options,
      counters: () => rates.counters.all(),
      counter: (id) => rates.counters.byId(id),
      kept: () => keeper.waiting(),
      inUse: () => rates.counters.size > 0,
      onInherited: (counts) => keeper.inherit(counts, (id) => rates.counters.byId(id)),
    });
    const rates = new Rates({ clock, sharing: desk, keeper, ...(nameOf === undefined ? {} : { nameOf }) });
    this.rates = rates;
    this.#desk = desk;
    this.#keeper = keeper;
  }

  /** Starts the timed work. */
  start(): void {
    const timed = (everyMs: number, task: () => void | Promise<void>) =>
      every(everyMs, task, (error) => this.#options.log.warn("rates.failed", { error: toAppError(error) }));
    this.#timers = [
      timed(LOOK_EVERY_MS, () => this.#desk.look()),
      timed(SECOND_MS, () => this.tick()),
      timed(KEEP_EVERY_MS, () => this.keep()),
      timed(KEEP_SEEN_EVERY_MS, () => this.#keepSeen()),
      timed(MINUTE_MS, () => this.#keeper.forgetOld()),
    ];
  }

  /** Rules have changed. Those of rows that were changed outside Ownkey are told, and hold all the same: to leave them out would allow more. */
  async reload(): Promise<void> {
    try {
      const { rules, damaged } = await this.#options.limits.list();
      if (damaged.length > 0) {
        this.#options.log.error("rates.damaged_rows", { ids: damaged.map(({ id }) => id) });
      }
      this.rates.setRules(new RateRules([...rules, ...damaged]));
    } catch (error) {
      // Those that were read before go on; after an unlock everything is read anew.
      if (!(error instanceof AppError) || error.code !== "vault_locked") throw error;
    }
  }

  /** To be called about every second. */
  tick(): void {
    this.rates.sweep();
  }

  /** Others look at who is there, and what is wanted. */
  async look(): Promise<void> {
    await this.#desk.look();
  }

  /** Writes what was counted, for the next run. */
  async keep(): Promise<void> {
    await this.#keeper.flush();
  }

  /** Keeps what was counted and leaves its shares to others. */
  async close(): Promise<void> {
    await Promise.all(this.#timers.map((timer) => timer.close()));
    try {
      await this.#keepSeen();
      await this.keep();
      await this.#desk.leave();
    } catch (error) {
      // As after a crash: what was kept before counts, and the share comes free with its lease.
      this.#options.log.warn("rates.not_kept", { error: toAppError(error) });
    }
  }

  async #keepSeen(): Promise<void> {
    const news = [...this.providers.news()].map((keyId) => [keyId, this.providers.seen(keyId)] as const);
    await keepSeenRates(this.#options.store, new Map(news));
  }
}
