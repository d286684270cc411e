import { allow, type Caller, type Perform, type RowSealer } from "../access/index.ts";
import { AppError, type Clock, formatUsd, type NewId } from "../kernel/index.ts";
import type { Store, Tx } from "../store/index.ts";
import { formatAmount } from "./amount.ts";
import type { Budget } from "./budget.ts";
import { checkBudget, sealBudget, type StoredBudget } from "./budget-record.ts";
import { allRecords, deleteRecord, putRecord, recordById, recordBySubject } from "./budget-table.ts";
import { periodAt } from "./calendar/period.ts";
import { checkedSettings, FIRST_SETTINGS, type SettingsChange } from "./settings.ts";
import { carrySpent, declareSpent, forgetSpent } from "./spent.ts";
import { type BudgetStanding, periodsAt, periodSpending, standingOf } from "./standing.ts";
import { type BudgetState, lockState, noteChange, readState, storeTimeMs } from "./store-state.ts";
import { type Subject, subjectText } from "./subject.ts";
import { liftSuspension, type Suspension, suspensions } from "./suspensions.ts";

export interface BudgetsOptions {
  readonly store: Store;
  readonly perform: Perform;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** What a budget is set to. Of an existing one, what is not named stays as it is. */
export interface SetBudget extends SettingsChange {
  /** With ids of virtual keys and connections, not names. */
  readonly subject: Subject;
  /** The subject with the names that things have now; the budget's name begins with it. */
  readonly subjectName: string;
  readonly limitNanos: bigint;
  readonly unit: Budget["unit"];
  /** What is known to be spent in the period that is running: takes the place of what was counted. */
  readonly spentNanos?: bigint | undefined;
}

/**
 * The budgets of this home. Every change is one audited transaction whose subject is the budget's id, and gateways
 * take it with their next request. Reading checks each row's MAC, so it needs the vault unlocked; removing does not.
 */
export class Budgets {
  readonly #options: BudgetsOptions;

  constructor(options: BudgetsOptions) {
    this.#options = options;
  }

  /**
   * Makes the budget, or changes the one that the subject has for this period. What was spent so far stays counted,
   * also when zone or reset day change the period; a budget of which that is unknown since a restore is in force again.
   * @throws AppError `invalid_input`, `denied`, `vault_locked`, `corrupt`.
   */
  async set(caller: Caller, input: SetBudget): Promise<Budget> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#setOnce(caller, input);
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  async #setOnce(caller: Caller, input: SetBudget): Promise<Budget> {
    const { store, perform, sealer, clock, newId } = this.#options;
    const name = `${input.subjectName}/${input.unit}`;
    const id = newId("bud");
    const known = allow(caller, PERMISSION) ? await this.#idOf(input) : undefined;
    const details = { name, amount: formatAmount(input), ...spentDetail(input) };
    const act = { action: "budget.set", permission: PERMISSION, subject: known ?? id, details };
    return await perform(caller, act, async (tx) => {
      const state = await lockState(tx);
      const nowMs = Math.max(await storeTimeMs(store, tx, clock.nowMs()), state.highWaterMs);
      const record = await recordBySubject(tx, subjectText(input.subject), input.unit);
      // The entry names the budget: it must be this one.
      if (record?.budget.id !== known) throw new ChangedMeanwhile();
      const before = record && checkBudget(sealer, record);
      const budget: Budget = {
        ...checkedSettings(input, before ?? FIRST_SETTINGS),
        id: before?.id ?? id,
        subject: input.subject,
        name,
        limitNanos: input.limitNanos,
        unit: input.unit,
        generation: (before?.generation ?? 0) + 1,
        lineage: state.lineage,
        createdAtMs: before?.createdAtMs ?? Math.trunc(clock.nowMs()),
        setAtMs: Math.trunc(clock.nowMs()),
      };
      await putRecord(tx, sealBudget(sealer, budget));
      await this.#count(tx, { before, budget, state, nowMs, spentNanos: input.spentNanos });
      await noteChange(tx);
      return budget;
    });
  }

  /** All of them, by id; those whose rows were changed outside Ownkey apart. @throws AppError `vault_locked`. */
  async list(): Promise<{ budgets: Budget[]; damaged: Budget[] }> {
    const { store, sealer } = this.#options;
    const budgets: Budget[] = [];
    const damaged: Budget[] = [];
    for (const record of await allRecords(store))
      (isSound(sealer, record) ? budgets : damaged).push(record.budget);
    return { budgets, damaged };
  }

  /**
   * Names of budgets whose rows were changed, put back or taken away outside Ownkey. While the vault is locked only
   * those whose row and copy differ are known.
   */
  async damaged(): Promise<string[]> {
    const { store, sealer } = this.#options;
    const records = await allRecords(store);
    const isDamaged = (record: StoredBudget) => {
      try {
        return !isSound(sealer, record);
      } catch (error) {
        if (error instanceof AppError && error.code === "vault_locked") return false;
        throw error;
      }
    };
    return records.filter(isDamaged).map(({ budget }) => budget.name);
  }

  /** The budgets of one subject, by id. @throws AppError `corrupt`, `vault_locked`. */
  async of(subject: Subject): Promise<Budget[]> {
    const { store, sealer } = this.#options;
    const text = subjectText(subject);
    const records = (await allRecords(store)).filter(({ budget }) => subjectText(budget.subject) === text);
    return records.map((record) => checkBudget(sealer, record));
  }

  /** By its id. @throws AppError `not_found`, `corrupt`, `vault_locked`. */
  async load(id: string): Promise<Budget> {
    const record = await recordById(this.#options.store, id);
    if (!record) throw noSuchBudget();
    return checkBudget(this.#options.sealer, record);
  }

  /** Forgets the budget and what it has counted, also one whose row is damaged. @throws AppError `not_found`, `denied`. */
  async remove(caller: Caller, id: string): Promise<void> {
    const { store, perform } = this.#options;
    const record = allow(caller, PERMISSION) ? await recordById(store, id) : undefined;
    const details = record && { name: record.budget.name, amount: formatAmount(record.budget) };
    const subject = record && { subject: record.budget.id };
    const act = { action: "budget.remove", permission: PERMISSION, ...subject, ...(details && { details }) };
    await perform(caller, act, async (tx) => {
      await lockState(tx);
      if (!(await recordById(tx, id))) throw noSuchBudget();
      await deleteRecord(tx, { id });
      await forgetSpent(tx, id);
      await noteChange(tx);
    });
  }

  /** Where each budget stands in the period that is running, in the order given. */
  async standings(budgets: readonly Budget[]): Promise<BudgetStanding[]> {
    const { store, clock } = this.#options;
    const state = await readState(store);
    const nowMs = Math.max(await storeTimeMs(store, store, clock.nowMs()), state?.highWaterMs ?? 0);
    const spending = await periodSpending(store, { nowMs, lineage: state?.lineage });
    const periodOf = periodsAt(nowMs);
    return budgets.map((budget) => standingOf(budget, { state, periodOf, spending }));
  }

  /**
   * Where all budgets stand, by what their rows say: unchecked, and so also while the vault is locked. For alerts,
   * which decide nothing.
   */
  async watched(): Promise<BudgetStanding[]> {
    const records = await allRecords(this.#options.store);
    return records.length === 0 ? [] : await this.standings(records.map(({ budget }) => budget));
  }

  async standing(budget: Budget): Promise<BudgetStanding> {
    const [standing] = await this.standings([budget]);
    if (standing) return standing;
    throw noSuchBudget();
  }

  /** For those who watch: every budget with the part of it that is used, as {@link Budgets.watched} has it. */
  async near(): Promise<{ name: string; usedShare: number; resetsAtMs: number | null; blocks: boolean }[]> {
    return (await this.watched()).map(({ budget, usedShare, unknown, period }) => ({
      name: `${budget.name} ${formatAmount(budget)}`,
      usedShare: unknown && budget.hard ? Math.max(1, usedShare) : usedShare,
      resetsAtMs: period.endMs,
      blocks: budget.hard,
    }));
  }

  /** Models that hard budgets refuse because one cost more than was proven possible; oldest first. */
  async suspensions(): Promise<Suspension[]> {
    return await suspensions(this.#options.store);
  }

  /** Lets a suspended model in again. @throws AppError `not_found`, `denied`. */
  async resume(
    caller: Caller,
    { connectionId, model }: Pick<Suspension, "connectionId" | "model">,
  ): Promise<void> {
    const act = {
      action: "budget.resume",
      permission: PERMISSION,
      subject: connectionId,
      details: { model },
    };
    await this.#options.perform(caller, act, async (tx) => {
      await lockState(tx);
      if (!(await liftSuspension(tx, { connectionId, model }))) {
        throw new AppError("not_found", "this model is not suspended there", {
          hint: "run: ownkey budget suspended",
        });
      }
      await noteChange(tx);
    });
  }

  async #idOf({ subject, unit }: SetBudget): Promise<string | undefined> {
    return (await recordBySubject(this.#options.store, subjectText(subject), unit))?.budget.id;
  }

  async #count(tx: Tx, { before, budget, state, nowMs, spentNanos }: Counting): Promise<void> {
    const period = periodAt(budget, nowMs);
    if (spentNanos !== undefined) {
      const { lineage } = state;
      return await declareSpent(tx, { budgetId: budget.id, period, spentNanos, lineage });
    }
    if (before) await carrySpent(tx, { budgetId: budget.id, from: periodAt(before, nowMs), to: period });
  }
}

interface Counting {
  readonly before: Budget | undefined;
  readonly budget: Budget;
  readonly state: BudgetState;
  readonly nowMs: number;
  readonly spentNanos: bigint | undefined;
}

const MOST_ATTEMPTS = 3;
const PERMISSION = "budgets.manage" as const;

function isSound(sealer: RowSealer, record: StoredBudget): boolean {
  try {
    checkBudget(sealer, record);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "corrupt") return false;
    throw error;
  }
}

function spentDetail({ spentNanos }: SetBudget): { spentUsd?: string } {
  return spentNanos === undefined ? {} : { spentUsd: formatUsd(spentNanos) };
}

function noSuchBudget(): AppError {
  return new AppError("not_found", "there is no such budget", { hint: "run: ownkey budget list" });
}

/** Between looking the budget up and changing it somebody else made or removed it. */
class ChangedMeanwhile extends AppError {
  constructor() {
    super("conflict", "somebody else set this budget at the same moment", {
      hint: "look at it with: ownkey budget list; then set it again",
      retryable: true,
    });
  }
}
