import type { Database } from "bun:sqlite";
import { AppError, type Log } from "../kernel/index.ts";
import {
  CONTEXT_COLUMNS,
  contextValues,
  OUTCOME_COLUMNS,
  outcomeValues,
  RESERVED_COLUMNS,
  reservedValues,
  sameContext,
  sameOutcome,
  SETTLED_COLUMNS,
  settledValues,
} from "./columns.ts";
import { asAppError, isPassing } from "./database.ts";
import { createDictionary } from "./dictionary.ts";
import type { AttemptRef, ReservedAttempt, SettledAttempt } from "./ledger.ts";

/** Settlements that could not be written are tried again after this time, or with the next batch. */
const RETRY_MS = 500;
/** While each turn of the event loop brings further rows, a commit waits for more: up to so many, for so long. */
const MOST_ROWS = 128;
const LONGEST_WAIT_MS = 2;

interface Write {
  readonly ref: AttemptRef;
  /** One of them: what is reserved, or how it ended. */
  readonly reserved: ReservedAttempt | undefined;
  readonly settled: SettledAttempt | undefined;
  readonly written: PromiseWithResolvers<AttemptRef>;
}

export interface Batch {
  /** Gives the same number. Rejects when the row could not be written; then nothing of it is in the ledger. */
  reserve(ref: AttemptRef, attempt: ReservedAttempt): Promise<AttemptRef>;
  /**
   * Stays pending, and is tried again, while the disk is full or busy; also `close` tries once more. Rejects with
   * `conflict` for what is not reserved; after another error, it may be settled again.
   */
  settle(ref: AttemptRef, settled: SettledAttempt): Promise<unknown>;
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
 * Collects rows until a turn of the event loop brings none, and writes them in one transaction: a commit costs as much as
 * a dozen rows. One row alone is written in the turn that it comes in. A promise is resolved only after the commit that
 * holds its row.
 */
export function createBatch({ database, path, log, onWritten }: BatchOptions): Batch {
  const insert = database.prepare(
    `INSERT INTO attempt_rows (id, context, ${RESERVED_COLUMNS.join(", ")}) VALUES (?, ?${", ?".repeat(RESERVED_COLUMNS.length)})`,
  );
  const update = database.prepare(
    `UPDATE attempt_rows SET outcome = ?, ${SETTLED_COLUMNS.map((name) => `${name} = ?`).join(", ")} WHERE id = ? AND ended_at IS NULL`,
  );
  const contexts = createDictionary<ReservedAttempt>(database, {
    table: "contexts",
    columns: CONTEXT_COLUMNS,
    valuesOf: contextValues,
    isSame: sameContext,
  });
  const outcomes = createDictionary<SettledAttempt>(database, {
    table: "outcomes",
    columns: OUTCOME_COLUMNS,
    valuesOf: outcomeValues,
    isSame: sameOutcome,
  });
  const transaction = database.transaction((writes: readonly Write[]) => {
    for (const { ref, reserved, settled } of writes) {
      if (reserved !== undefined) insert.run(ref, contexts.idOf(reserved), ...reservedValues(reserved));
      if (settled !== undefined) update.run(outcomes.idOf(settled), ...settledValues(settled), ref);
    }
  });

  /** Reserved, and not settled. */
  const open = new Set<AttemptRef>();
  let waiting: Write[] = [];
  let turn: ReturnType<typeof setImmediate> | undefined;
  /** When the first of them came, monotonic, and how many there were in the turn before. */
  let waitingSinceMs = 0;
  let rowsBefore = 0;
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
    for (const { ref, reserved, written } of writes) {
      if (reserved !== undefined) open.add(ref);
      written.resolve(ref);
    }
    onWritten(writes.length);
    return undefined;
  };

  /**
   * Row by row, so that a row which cannot be written does not take its neighbours along. Settlements go first:
   * what has been spent is recorded even where there is no room for new requests.
   */
  const writeSingly = (writes: readonly Write[]) => {
    let passing: unknown;
    for (const one of [...writes.filter(settles), ...writes.filter((each) => !settles(each))]) {
      const error = passing ?? write([one]);
      if (error === undefined) continue;
      if (isPassing(error)) passing = error;
      if (settles(one) && isPassing(error)) waiting.push(one);
      else failed(one, asAppError(error, path));
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

  const flushWhenQuiet = () => {
    const rows = waiting.length;
    const isGrowing = rows > rowsBefore && rows < MOST_ROWS;
    if (!isGrowing || performance.now() - waitingSinceMs >= LONGEST_WAIT_MS) return flush();
    rowsBefore = rows;
    turn = setImmediate(flushWhenQuiet);
  };

  const add = (
    ref: AttemptRef,
    reserved: ReservedAttempt | undefined,
    settled: SettledAttempt | undefined,
  ): Promise<AttemptRef> => {
    const written = Promise.withResolvers<AttemptRef>();
    waiting.push({ ref, reserved, settled, written });
    if (turn === undefined) {
      waitingSinceMs = performance.now();
      rowsBefore = waiting.length;
      turn = setImmediate(flushWhenQuiet);
    }
    return written.promise;
  };

  const failed = ({ ref, settled, written }: Write, error: AppError): void => {
    // Nothing was written: it may be settled again, with figures that can be.
    if (settled !== undefined) open.add(ref);
    written.reject(error);
  };

  return {
    reserve: (ref, reserved) => add(ref, reserved, undefined),
    settle: (ref, settled) =>
      open.delete(ref) ? add(ref, undefined, settled) : Promise.reject(notReserved(ref)),
    unwrittenSettlements: () => waiting.filter(settles).length,
    close() {
      clearImmediate(turn);
      flush();
      clearTimeout(retry);
      const lost = new AppError("storage_full", `the ledger ${path} was closed before it could be written`);
      for (const one of waiting) failed(one, lost);
      waiting = [];
      for (const one of [contexts, outcomes]) one.close();
      insert.finalize();
      update.finalize();
    },
  };
}

function settles({ settled }: Write): boolean {
  return settled !== undefined;
}

function notReserved(ref: AttemptRef): AppError {
  return new AppError("conflict", `attempt ${ref} is not reserved: it was settled before, or never made`);
}
