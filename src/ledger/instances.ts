import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateDir, tryLock } from "../files/index.ts";
import { AppError, type Clock, type Log } from "../kernel/index.ts";
import { chargedSince } from "./charges.ts";
import { settleLeftOpen } from "./crash.ts";
import { openForWriting } from "./database.ts";
import type { AttemptRef } from "./ledger.ts";

const MOST_INSTANCES = 256;

/** The right to write one ledger of the folder, held until closed or until the process ends, however it ends. */
export interface ClaimedInstance {
  /** `node-1`, `node-2`, …: stable over restarts of a single gateway. */
  readonly instance: string;
  /** Path of the ledger's file. */
  readonly path: string;
  close(): void;
}

/** Claims the first free instance of the folder, so that a restarted gateway goes on with its own file. */
export function claimInstance(dir: string): ClaimedInstance {
  ensurePrivateDir(dir);
  for (let number = 1; number <= MOST_INSTANCES; number++) {
    const instance = `node-${number}`;
    const lock = tryLock(lockPath(dir, instance));
    if (lock) return { instance, path: join(dir, `${instance}.db`), close: () => lock.close() };
  }
  throw new AppError("store_unavailable", `${MOST_INSTANCES} gateways already write ledgers in ${dir}`, {
    hint: "stop one of them",
  });
}

export interface AbandonedOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Accounts for what the ledger's budgets' slices have spent, while nobody else can claim it. */
  readonly account?: (ledger: AbandonedLedger) => Promise<void>;
}

export interface AbandonedLedger {
  readonly path: string;
  readonly chargedSince: (ref: AttemptRef) => ReadonlyMap<number, bigint>;
}

/**
 * Settles what gateways that died, and did not come back, left reserved. Ledgers of living processes are left alone;
 * one that cannot be opened is logged and left as it is. Gives the number of settled attempts.
 */
export async function settleAbandoned(options: AbandonedOptions): Promise<number> {
  const { dir, log } = options;
  let settled = 0;
  for (const instance of instancesIn(dir)) {
    const lock = tryLock(lockPath(dir, instance));
    if (!lock) continue;
    try {
      settled += await settleOne(join(dir, `${instance}.db`), options);
    } catch (error) {
      log.warn("ledger.abandoned_unreadable", { instance, error });
    } finally {
      lock.close();
    }
  }
  return settled;
}

async function settleOne(path: string, { clock, account }: AbandonedOptions): Promise<number> {
  const database = openForWriting(path, "normal");
  try {
    const settled = settleLeftOpen(database, clock.nowMs());
    await account?.({ path, chargedSince: (ref) => chargedSince(database, ref) });
    return settled;
  } finally {
    database.close();
  }
}

/** Names of the ledgers in the folder, sorted; none when there is no folder. */
export function instancesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith(".db"))
    .map((name) => name.slice(0, -".db".length))
    .sort();
}

/** What is locked by the process that writes a ledger. */
export function lockPath(dir: string, instance: string): string {
  return join(dir, `${instance}.lock`);
}
