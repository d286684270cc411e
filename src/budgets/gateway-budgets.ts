import type { Caller, Perform, RowSealer } from "../access/index.ts";
import { type Clock, every, type Log, type Randomness, toAppError } from "../kernel/index.ts";
import type { AttemptRef } from "../ledger/index.ts";
import type { Store } from "../store/index.ts";
import { BudgetBook } from "./book.ts";
import type { Budget } from "./budget.ts";
import { Limiter, type Wanted } from "./limiter.ts";
import { type Overrun, suspendModel } from "./overruns.ts";
import type { Reservation } from "./reservation.ts";
import { SliceDesk } from "./slices/desk.ts";
import type { NodeIdentity } from "./slices/node.ts";
import type { Spender } from "./subject.ts";

export interface GatewayBudgetsOptions {
  readonly store: Store;
  readonly sealer: RowSealer;
  readonly perform: Perform;
  readonly caller: Caller;
  readonly identity: NodeIdentity;
  /** This process's own. */
  readonly ledger: {
    lastRef(): AttemptRef;
    chargedSince(ref: AttemptRef): ReadonlyMap<number, bigint>;
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly randomness: Randomness;
}

const LOOK_AFTER_MS = 1_000;
const LOOK_FOR_RECALLS_MS = 25;

/** The budgets as one gateway process sees them: which cover a request, and what it may spend of them. */
export class GatewayBudgets {
  readonly #options: GatewayBudgetsOptions;
  readonly #book: BudgetBook;
  readonly #desk: SliceDesk;
  readonly #limiter: Limiter;
  readonly #suspending = new Set<string>();
  #timers: { close(): Promise<void> }[] = [];

  constructor(options: GatewayBudgetsOptions) {
    this.#options = options;
    const { store, sealer, ledger, identity, clock, log, randomness } = options;
    this.#book = new BudgetBook({ store, sealer, onChanged: (ids) => this.#giveBack(ids) });
    this.#desk = new SliceDesk({
      store,
      identity,
      clock,
      log,
      randomness,
      ledgerRow: () => ledger.lastRef(),
      chargedSince: (row) => ledger.chargedSince(row),
      definitions: () => this.#book.definitions,
      reload: () => this.#book.reload(),
    });
    this.#limiter = new Limiter({ desk: this.#desk, clock });
  }

  /** Accounts for what a run before this one has left behind, and starts the timed work. */
  async start(): Promise<void> {
    await this.#desk.recover();
    const onError = (error: unknown) =>
      this.#options.log.warn("budgets.store_not_reached", { error: toAppError(error) });
    this.#timers = [
      every(LOOK_AFTER_MS, () => this.#desk.tick(), onError),
      every(LOOK_FOR_RECALLS_MS, () => this.#desk.answerRecalls(), onError),
    ];
  }

  /** Budgets have changed. @throws AppError `vault_locked`. */
  async reload(): Promise<void> {
    await this.#book.reload();
  }

  /** Ordered by id; empty when none covers it. @throws AppError `budget_unavailable`. */
  covering(spender: Spender): readonly Budget[] {
    return this.#book.covering(spender);
  }

  isSuspended(connectionId: string, model: string): boolean {
    return this.#book.isSuspended(connectionId, model);
  }

  /** @throws AppError `budget_exceeded`, `budget_unavailable`, `vault_locked`. */
  reserve(wanted: Wanted): Reservation | Promise<Reservation> {
    return this.#limiter.reserve(wanted);
  }

  /** Resolves when the store knows what was spent here so far, or cannot be asked. */
  async tellSpent(): Promise<void> {
    try {
      await this.#desk.tellSpent();
    } catch (error) {
      this.#options.log.warn("budgets.store_not_reached", { error: toAppError(error) });
    }
  }

  /** A request under a hard budget cost more than was proven possible. Alarms, and suspends the model. */
  overrun(overrun: Overrun): void {
    const { connectionId, model, requestId, reservedNanos, costNanos } = overrun;
    this.#options.log.error("budgets.overrun", {
      requestId,
      model,
      reservedNanos: String(reservedNanos),
      costNanos: String(costNanos),
    });
    const name = JSON.stringify([connectionId, model]);
    if (this.#suspending.has(name) || this.isSuspended(connectionId, model)) return;
    this.#suspending.add(name);
    const { perform, caller, log } = this.#options;
    suspendModel(perform, caller, overrun)
      .then(() => this.#book.reload())
      .catch((error: unknown) => log.error("budgets.not_suspended", { error: toAppError(error) }))
      .finally(() => this.#suspending.delete(name));
  }

  /** Gives everything back that no request holds. */
  async close(): Promise<void> {
    await Promise.all(this.#timers.map((timer) => timer.close()));
    await this.#desk.close();
  }

  #giveBack(budgetIds: readonly string[]): void {
    for (const id of budgetIds) {
      this.#desk.giveBack(id).catch((error: unknown) => {
        this.#options.log.warn("budgets.not_given_back", { error: toAppError(error) });
      });
    }
  }
}
