import { existsSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "../../files/index.ts";
import { AppError, workerUrl } from "../../kernel/index.ts";
import { instancesIn, lockPath } from "../instances.ts";
import { openForWriting } from "../database.ts";
import { noteCopy } from "../shipping.ts";
import type { KeepOptions } from "./drop-rows.ts";
import { isRollUpDue } from "./roll-up.ts";
import type { RollUpAnswer, RollUpCall } from "./roll-up-worker.ts";

export type { KeepOptions } from "./drop-rows.ts";

/** Rows that are worth a thread; a report adds up that many by itself. */
const WORTHWHILE_ROWS = 2000;

export interface RollUpOptions {
  readonly dir: string;
  readonly keep: KeepOptions;
  /** Ends it after the step under way; what is left is for the next time. */
  readonly signal: AbortSignal;
}

/** Rolls up the ledger that this process writes, when there is something to do. To be called now and then. */
export async function rollUpOwn(instance: string, { dir, keep, signal }: RollUpOptions): Promise<void> {
  const path = join(dir, `${instance}.db`);
  if (isRollUpDue(path, keep, WORTHWHILE_ROWS)) await inThread({ path, keep }, signal);
}

export interface RollUpAbandonedOptions extends RollUpOptions {
  /** What is to be done first with such a ledger, whose writer this process is meanwhile; says what more is kept. */
  readonly before?: (ledger: {
    readonly path: string;
    readonly instance: string;
  }) => Promise<Partial<KeepOptions>>;
}

/** Rolls up the ledgers that nobody writes: those of gateways that are gone. */
export async function rollUpAbandoned({ dir, keep, signal, before }: RollUpAbandonedOptions): Promise<void> {
  for (const instance of instancesIn(dir)) {
    if (signal.aborted) return;
    const path = join(dir, `${instance}.db`);
    // Held meanwhile: a gateway that starts takes another one.
    using lock = lockOf(dir, instance);
    if (!lock || !existsSync(path)) continue;
    // It may be of an older format, or a copy.
    using database = openForWriting(path, "normal");
    noteCopy(database, path);
    const more = await before?.({ path, instance });
    if (isRollUpDue(path, keep, 1)) await inThread({ path, keep: { ...keep, ...more } }, signal);
  }
}

function lockOf(dir: string, instance: string): Disposable | undefined {
  const lock = tryLock(lockPath(dir, instance));
  return lock && { [Symbol.dispose]: () => lock.close() };
}

/** A thread for as long as it takes. It is never ended in a step, which would keep SQLite's locks. */
async function inThread(call: RollUpCall, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (message: string) =>
    reject(new AppError("store_unavailable", `a ledger could not be rolled up: ${message}`));
  const worker = new Worker(workerUrl("ledger/sums/roll-up-worker"), { name: "roll-up" });
  worker.addEventListener("message", ({ data }: MessageEvent<RollUpAnswer>) =>
    data.error === undefined ? resolve() : failed(data.error),
  );
  worker.addEventListener("error", ({ message }: ErrorEvent) => failed(message));
  worker.addEventListener("close", () => failed("the thread has ended"));
  // It keeps no process alive.
  worker.unref();
  const stop = () => worker.postMessage("stop", []);
  signal.addEventListener("abort", stop);
  worker.postMessage(call, []);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}
