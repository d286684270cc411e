import type { AuditLog, AuditedTx } from "../audit/index.ts";
import type { JsonObject } from "../kernel/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import { allow, type Caller, callerName, type Permission } from "./caller.ts";

export interface Act {
  /** What is done, as `noun.verb`: `key.add`, `vault.unlock`. */
  readonly action: string;
  readonly permission: Permission;
  /** Id of the record it is done to; the change feed carries it to every process. */
  readonly subject?: string;
  /** Small facts for the reader of the log: names and numbers, never a secret. */
  readonly details?: JsonObject;
}

/**
 * Decides, does and records in one step: the only way to an {@link AuditedTx}, and so to anything that reads or
 * changes a secret. The entry is appended as the transaction's last statement: no entry, no effect and no result.
 * @throws AppError `denied` after recording the denial.
 */
export type Perform = <T>(caller: Caller, act: Act, work: (tx: AuditedTx) => Promise<T>) => Promise<T>;

export interface PerformOptions {
  store: Store;
  audit: AuditLog;
  /** Called after each commit with the size of the audit log: the rollback anchor moves then. */
  afterCommit?: (auditSize: number) => void | Promise<void>;
}

export function createPerform({ store, audit, afterCommit }: PerformOptions): Perform {
  return async (caller, act, work) => {
    const allowed = allow(caller, act.permission);
    const entry = {
      caller: callerName(caller),
      action: act.action,
      subject: act.subject,
      outcome: allowed ? ("ok" as const) : ("denied" as const),
      details: act.details,
    };
    const { result, size } = await store.tx(async (tx) => {
      const audited = audit.begin(tx);
      const done = allowed ? await work(audited) : undefined;
      return { result: done, size: await audit.append(audited, entry) };
    });
    await afterCommit?.(size);
    if (!allowed) {
      throw new AppError("denied", `${entry.caller} may not do this: ${act.permission}`, {
        hint: "ask the owner of this Ownkey home to do it at the command line",
      });
    }
    return result as Awaited<ReturnType<typeof work>>;
  };
}
