import type { RowSealer } from "../access/index.ts";
import { AppError, remember } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import type { Budget } from "./budget.ts";
import { type Definitions, loadDefinitions } from "./definitions.ts";
import { covers, type Spender } from "./subject.ts";

export interface BudgetBookOptions {
  readonly store: Store;
  readonly sealer: RowSealer;
  /** Told of budgets that are another now, or none any more: what is held of them is to be given back. */
  readonly onChanged: (budgetIds: readonly string[]) => void;
}

/** Combinations of who spends and on what that are remembered; names of models come from callers. */
const MOST_REMEMBERED = 4_096;
const NOBODY: readonly Budget[] = [];
const NOTHING: Definitions = { version: -1, budgets: [], damaged: [], suspended: [] };

/** The budgets in force, in memory, to be asked for each request. They change only by {@link BudgetBook.reload}. */
export class BudgetBook {
  readonly #options: BudgetBookOptions;
  #definitions = NOTHING;
  readonly #covering = new Map<string, readonly Budget[]>();
  /** Nearly every request is of the spender of the one before. */
  #last: { readonly spender: Spender; readonly covering: readonly Budget[] } | undefined;

  constructor(options: BudgetBookOptions) {
    this.#options = options;
  }

  get definitions(): Definitions {
    return this.#definitions;
  }

  /** @throws AppError `vault_locked`; the book is then as before. */
  async reload(): Promise<void> {
    const before = this.#definitions;
    this.#definitions = await loadDefinitions(this.#options.store, this.#options.sealer);
    this.#covering.clear();
    this.#last = undefined;
    const now = new Map(this.#definitions.budgets.map((budget) => [budget.id, budget.generation]));
    const changed = before.budgets.filter(({ id, generation }) => now.get(id) !== generation);
    if (changed.length > 0) this.#options.onChanged(changed.map(({ id }) => id));
  }

  /**
   * The budgets that bound what this spender does, ordered by id.
   * @throws AppError `budget_unavailable` when a budget's row was changed, put back or taken away outside Ownkey: nobody
   *   knows whom it bounds.
   */
  covering(spender: Spender): readonly Budget[] {
    const { budgets, damaged } = this.#definitions;
    if (damaged.length > 0) throw damagedBudget(damaged);
    if (budgets.length === 0) return NOBODY;
    if (this.#last !== undefined && isSame(this.#last.spender, spender)) return this.#last.covering;
    const covering = this.#lookUp(spender);
    this.#last = { spender, covering };
    return covering;
  }

  #lookUp(spender: Spender): readonly Budget[] {
    const { virtualKeyId, user, team, project, tool, connectionId, model } = spender;
    const name = JSON.stringify([virtualKeyId, user, team, project, tool, connectionId, model]);
    return (
      this.#covering.get(name) ?? remember(this.#covering, MOST_REMEMBERED, name, this.#coveringAnew(spender))
    );
  }

  #coveringAnew(spender: Spender): readonly Budget[] {
    return this.#definitions.budgets.filter(({ subject }) => covers(subject, spender));
  }

  /** Whether a model is kept from hard budgets because it once cost more than was proven possible. */
  isSuspended(connectionId: string, model: string | null): boolean {
    const { suspended } = this.#definitions;
    if (suspended.length === 0) return false;
    const plain = plainName(model);
    return suspended.some((one) => one.connectionId === connectionId && plainName(one.model) === plain);
  }
}

function isSame(one: Spender, other: Spender): boolean {
  return (
    one.virtualKeyId === other.virtualKeyId &&
    one.model === other.model &&
    one.connectionId === other.connectionId &&
    one.tool === other.tool &&
    one.user === other.user &&
    one.team === other.team &&
    one.project === other.project
  );
}

/** As prices are found: another spelling is no other model. */
function plainName(model: string | null): string | undefined {
  return model?.trim().toLowerCase();
}

function damagedBudget(ids: readonly string[]): AppError {
  return new AppError("budget_unavailable", "the row of a budget was changed or taken away outside Ownkey", {
    hint: "its owner sees it with: ownkey budget list",
    details: { budgets: ids },
  });
}
