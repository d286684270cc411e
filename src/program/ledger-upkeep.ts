import { join } from "node:path";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import { toHex } from "../kernel/index.ts";
import { type KeepOptions, rollUpAbandoned, rollUpOwn } from "../ledger/index.ts";
import { dropShipped, shipLedger } from "../usage/index.ts";

/** Work of the running program that is done again and again; the signal asks it to come to an end. */
export type Task = readonly [
  name: string,
  everyMs: number,
  task: (signal: AbortSignal) => void | Promise<void>,
];

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 86_400_000;

/** Rows of a ledger that are kept at the most, beyond the last days. */
const MOST_ROWS = 1_000_000;
/** A gateway has accounted by then for the slices of budgets that the one before it had left. */
const SETTLED_AFTER_MS = 10 * MINUTE_MS;
/** What is left at the end is sent within this time, or at the next start. */
const LAST_SHIPMENT_MS = 2 * SECOND_MS;

/** The ledger that this process writes: rolled up, and sent to the shared store where there is one. */
export function ownLedgerTasks(
  app: App,
  config: Config,
  instance: string,
): { readonly tasks: readonly Task[]; atEnd(): Promise<void> } {
  const { clock, store } = app.control;
  const dir = join(config.home, "ledger");
  const ledger = { path: join(dir, `${instance}.db`), instance };
  const startedMs = clock.monotonicMs();
  const isShared = store.engine === "postgres";
  let shippedThrough = 0;

  const ship = async (signal: AbortSignal) => {
    shippedThrough = await shipLedger({ ...ledger, ...shippingParts(app), signal });
  };
  const rollUp = async (signal: AbortSignal) => {
    const dropPaid = clock.monotonicMs() - startedMs > SETTLED_AFTER_MS;
    const keep = { ...keepOf(config, clock.nowMs(), dropPaid), ...(isShared ? { shippedThrough } : {}) };
    await rollUpOwn(instance, { dir, keep, signal });
    if (isShared) await dropOld({ ...ledger, ...shippingParts(app) }, config, clock.nowMs(), signal);
  };
  const tasks: Task[] = [["ledger", MINUTE_MS, rollUp]];
  if (isShared) tasks.push(["shipping", SECOND_MS, toldOnce(ship)]);
  return {
    tasks,
    async atEnd() {
      if (!isShared) return;
      const limit = AbortSignal.timeout(LAST_SHIPMENT_MS);
      const over = new Promise<void>((resolve) =>
        limit.addEventListener("abort", () => resolve(), { once: true }),
      );
      await Promise.race([ship(limit).catch(() => {}), over]);
    },
  };
}

/** The ledgers of gateways that are gone. */
export function abandonedLedgerTasks(app: App, config: Config): readonly Task[] {
  const { clock, store } = app.control;
  const dir = join(config.home, "ledger");
  const rollUp = async (signal: AbortSignal) => {
    const keep = keepOf(config, clock.nowMs(), false);
    const before = async (ledger: { readonly path: string; readonly instance: string }) => ({
      shippedThrough: await shipLedger({ ...ledger, ...shippingParts(app), signal }),
    });
    await rollUpAbandoned({ dir, keep, signal, ...(store.engine === "postgres" ? { before } : {}) });
  };
  return [["abandoned ledgers", store.engine === "postgres" ? 10 * SECOND_MS : 10 * MINUTE_MS, rollUp]];
}

/** Told once: an outage may be long, and everything is sent when it is over. */
function toldOnce(task: Task[2]): Task[2] {
  let failing = false;
  return async (signal) => {
    try {
      await task(signal);
      failing = false;
    } catch (error) {
      if (failing) return;
      failing = true;
      throw error;
    }
  };
}

async function dropOld(
  ledger: Parameters<typeof dropShipped>[0],
  { ledgerDays }: Config,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && (await dropShipped(ledger, nowMs - ledgerDays * DAY_MS)));
}

function shippingParts({ control: { store, clock }, seams }: App) {
  return { store, clock, newNodeId: () => `ledger_${toHex(seams.randomness(16))}` };
}

function keepOf({ ledgerDays: days }: Config, nowMs: number, dropPaid: boolean): KeepOptions {
  return { nowMs, days, rows: MOST_ROWS, dropPaid };
}
