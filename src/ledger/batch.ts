import type { Database } from "bun:sqlite";
import { AppError, type Log } from "../kernel/index.ts";
import {
  type ColumnValue,
  CONTEXT_COLUMNS,
  contextValues,
  OUTCOME_COLUMNS,
  outcomeValues,
  RESERVED_COLUMNS,
  reservedValues,
  SETTLED_COLUMNS,
  settledValues,
} from "./columns.ts";
import { asAppError, isPassing } from "./database.ts";
import { createDictionary } from "./dictionary.ts";
import type { AttemptRef, ReservedAttempt, SettledAttempt } from "./ledger.ts";

/** Settlements that could not be written are tried again after this time, or with the next batch. */
const RETRY_MS = 500;

interface Write {
  readonly settles: boolean;
  readonly ref: AttemptRef;
  /** What it shares with others: the context of a reservation, the outcome of a settlement. */
  readonly shared: ColumnValue[];
  readonly values: ColumnValue[];
  readonly done: () => void;
  readonly failed: (error: AppError) => void;
}

export interface Batch {
  /** Rejects when the row could not be written; then nothing of it is in the ledger. */
  reserve(ref: AttemptRef, attempt: ReservedAttempt): Promise<void>;
  /** Stays pending, and is tried again, while the disk is full or busy; also `close` tries once more. */
  settle(ref: AttemptRef, settled: SettledAttempt): Promise<void>;
  unwrittenSettlements(): number;
  /** Writes what is left, at once; what still cannot be written rejects. */
  close(): void;
}

export interface BatchOptions {
  readonly database: Database;
  readonly path: string;
  readonly log: Log;
  readonly onWritten: (rows: number) => void;
}

/**
 * Collects the rows of one event-loop turn and writes them in one transaction: a commit costs more than a row.
 * A promise is resolved only after the commit that holds its row.
 */
export function createBatch({ database, path, log, onWritten }: BatchOptions): Batch {
  const insert = database.prepare(
    `INSERT INTO attempt_rows (id, context, ${RESERVED_COLUMNS.join(", ")}) VALUES (?, ?${", ?".repeat(RESERVED_COLUMNS.length)})`,
  );
  const update = database.prepare(
    `UPDATE attempt_rows SET outcome = ?, ${SETTLED_COLUMNS.map((name) => `${name} = ?`).join(", ")} WHERE id = ? AND ended_at IS NULL`,
  );
  const contexts = createDictionary(database, "contexts", CONTEXT_COLUMNS);
  const outcomes = createDictionary(database, "outcomes", OUTCOME_COLUMNS);
  const transaction = database.transaction((writes: readonly Write[]) => {
    for (const { settles, ref, shared, values } of writes) {
      if (settles) update.run(outcomes.idOf(shared), ...values, ref);
      else insert.run(ref, contexts.idOf(shared), ...values);
    }
  });

  let waiting: Write[] = [];
  let turn: ReturnType<typeof setImmediate> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failing = false;

  /** Gives the error instead of throwing it. */
  const write = (writes: readonly Write[]): unknown => {
    try {
      transaction.immediate(writes);
    } catch (error) {
      contexts.forget();
      outcomes.forget();
      return error;
    }
    for (const { done } of writes) done();
    onWritten(writes.length);
    return undefined;
  };

  /**
   * Row by row, so that a row which cannot be written does not take its neighbours along. Settlements go first:
   * what has been spent is recorded even where there is no room for new requests.
   */
  const writeSingly = (writes: readonly Write[]) => {
    let passing: unknown;
    for (const one of [...writes.filter((each) => each.settles), ...writes.filter((each) => !each.settles)]) {
      const error = passing ?? write([one]);
      if (error === undefined) continue;
      if (isPassing(error)) passing = error;
      if (one.settles && isPassing(error)) waiting.push(one);
      else one.failed(asAppError(error, path));
    }
  };

  const flush = () => {
    clearTimeout(retry);
    turn = undefined;
    retry = undefined;
    const writes = waiting;
    if (writes.length === 0) return;
    waiting = [];
    const error = write(writes);
    if (error === undefined) {
      if (failing) log.info("ledger.writes_again");
      failing = false;
      return;
    }
    writeSingly(writes);
    // Told once, not with every request that a full disk refuses.
    if (!failing) log.error("ledger.write_failed", { rows: writes.length, error: asAppError(error, path) });
    failing = isPassing(error);
    if (waiting.length > 0) retry = setTimeout(flush, RETRY_MS).unref();
  };

  const add = (write: Omit<Write, "done" | "failed">): Promise<void> =>
    new Promise((done, failed) => {
      waiting.push({ ...write, done, failed });
      turn ??= setImmediate(flush);
    });

  return {
    reserve: (ref, attempt) =>
      add({ settles: false, ref, shared: contextValues(attempt), values: reservedValues(attempt) }),
    settle: (ref, settled) =>
      add({ settles: true, ref, shared: outcomeValues(settled), values: settledValues(settled) }),
    unwrittenSettlements: () => waiting.filter(({ settles }) => settles).length,
    close() {
      clearImmediate(turn);
      flush();
      clearTimeout(retry);
      const lost = new AppError("storage_full", `the ledger ${path} was closed before it could be written`);
      for (const { failed } of waiting) failed(lost);
      waiting = [];
      for (const one of [contexts, outcomes]) one.close();
      insert.finalize();
      update.finalize();
    },
  };
}
