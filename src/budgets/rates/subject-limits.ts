import {
  allow,
  assertRateLimits,
  type Caller,
  changedRateLimits,
  type Perform,
  type RateLimitChanges,
  type RateLimits,
  type RowSealer,
} from "../../access/index.ts";
import { AppError, type Clock, type NewId } from "../../kernel/index.ts";
import type { Store } from "../../store/index.ts";
import { type Subject, subjectText } from "../subject.ts";
import {
  checkRule,
  deleteRuleRecord,
  isSoundRule,
  putRuleRecord,
  ruleRecordOf,
  ruleRecords,
  sealRule,
} from "./limit-record.ts";
import type { RateRule } from "./rules.ts";

export interface SubjectLimitsOptions {
  readonly store: Store;
  readonly perform: Perform;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** Ids of rules begin so: the change feed tells by it what has changed. */
export const RULE_ID_PREFIX = "lim_";

const PERMISSION = "budgets.manage" as const;

/**
 * The rate limits of users, teams, projects, tools, connections, models and everything; those of a virtual key stand in
 * its policy. Every change is one audited transaction, and gateways take it with their next request. Reading checks
 * each row's MAC, so it needs the vault unlocked; removing does not.
 */
export class SubjectLimits {
  readonly #options: SubjectLimitsOptions;

  constructor(options: SubjectLimitsOptions) {
    this.#options = options;
  }

  /**
   * Makes the subject's limits or changes those that are named. `name` is for the audit log.
   * @throws AppError `invalid_input` when nothing would be limited, `denied`, `vault_locked`, `corrupt`, `conflict`
   *   when somebody else set them at the same moment.
   */
  async set(
    caller: Caller,
    { subject, name, changes }: { subject: Subject; name: string; changes: RateLimitChanges },
  ): Promise<RateRule> {
    const { store, perform, sealer, clock, newId } = this.#options;
    const text = subjectText(subject);
    const known = allow(caller, PERMISSION) ? await ruleRecordOf(store, text) : undefined;
    const id = known?.rule.id ?? newId("lim");
    const limits = changedRateLimits(known?.rule.limits ?? null, changes);
    assertRateLimits(limits);
    const details = { name, ...limits };
    return await perform(
      caller,
      { action: "limits.set", permission: PERMISSION, subject: id, details },
      async (tx) => {
        const record = await ruleRecordOf(tx, text);
        if (!isSame(record?.rule, known?.rule)) throw changedMeanwhile();
        if (record) checkRule(sealer, record);
        if (limits === null) throw nothingLimited();
        const createdAtMs = record?.rule.createdAtMs ?? Math.trunc(clock.nowMs());
        const rule: RateRule = { id, subject, limits, createdAtMs };
        await putRuleRecord(tx, sealRule(sealer, rule));
        return rule;
      },
    );
  }

  /** All of them, by subject; those whose rows were changed outside Ownkey apart. @throws AppError `vault_locked`. */
  async list(): Promise<{ rules: RateRule[]; damaged: RateRule[] }> {
    const { store, sealer } = this.#options;
    const rules: RateRule[] = [];
    const damaged: RateRule[] = [];
    for (const record of await ruleRecords(store)) {
      (isSoundRule(sealer, record) ? rules : damaged).push(record.rule);
    }
    return { rules, damaged };
  }

  /** @throws AppError `not_found`, `corrupt`, `vault_locked`. */
  async of(subject: Subject): Promise<RateRule> {
    const { store, sealer } = this.#options;
    const record = await ruleRecordOf(store, subjectText(subject));
    if (!record) throw noLimits();
    return checkRule(sealer, record);
  }

  /** Nothing is limited any more, also where the row is damaged. @throws AppError `not_found`, `denied`. */
  async remove(caller: Caller, { subject, name }: { subject: Subject; name: string }): Promise<void> {
    const { store, perform } = this.#options;
    const known = allow(caller, PERMISSION) ? await ruleRecordOf(store, subjectText(subject)) : undefined;
    const about = known === undefined ? {} : { subject: known.rule.id };
    const act = { action: "limits.remove", permission: PERMISSION, ...about, details: { name } };
    await perform(caller, act, async (tx) => {
      if (known === undefined || (await deleteRuleRecord(tx, known.rule.id)) === 0) throw noLimits();
    });
  }
}

function isSame(a: RateRule | undefined, b: RateRule | undefined): boolean {
  return a?.id === b?.id && limitsText(a?.limits) === limitsText(b?.limits);
}

function limitsText(limits: RateLimits | undefined): string {
  return JSON.stringify(limits ?? null);
}

function nothingLimited(): AppError {
  return new AppError("invalid_input", "nothing would be limited", {
    hint: "say what is limited (--rpm, --tpm, --rpd, --tpd, --concurrency), or end it with: ownkey limits remove SUBJECT",
  });
}

function noLimits(): AppError {
  return new AppError("not_found", "this subject has no rate limits", { hint: "run: ownkey limits list" });
}

function changedMeanwhile(): AppError {
  return new AppError("conflict", "somebody else set these limits at the same moment", {
    hint: "look at them with: ownkey limits list; then set them again",
    retryable: true,
  });
}
