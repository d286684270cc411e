import { join } from "node:path";
import type { Caller } from "../access/index.ts";
import type { App } from "../app.ts";
import { checkpoint } from "../audit/index.ts";
import type { Config } from "../config.ts";
import { every, type Log } from "../kernel/index.ts";
import { type KeepOptions, rollUpAbandoned, rollUpOwn } from "../ledger/index.ts";
import { alertTasks } from "./alerts/alerts.ts";
import type { DataPlane } from "./data-plane.ts";

export interface UpkeepOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly caller: Caller;
}

export interface GatewayUpkeepOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly dataPlane: DataPlane;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** The timed work of the running program, once for a home. Gives the function that ends it, after what is under way. */
export function startUpkeep({ app, config, log, caller }: UpkeepOptions): () => Promise<void> {
  const { store, vault, clock } = app.control;
  const end = run(log, [
    [
      "checkpoint",
      5 * MINUTE_MS,
      async () => {
        await checkpoint(store, vault, clock);
      },
    ],
    ...alertTasks(app.control),
    ["reserve", MINUTE_MS, () => void app.reserve.ensure()],
    ["prices", MINUTE_MS, () => readPrices(app)],
    [
      "abandoned ledgers",
      10 * MINUTE_MS,
      (signal) =>
        rollUpAbandoned({ dir: ledgerDir(config), keep: keepOf(config, clock.nowMs(), false), signal }),
    ],
    [
      "reseal",
      MINUTE_MS,
      async () => {
        if (!vault.locked && (await vault.needsReseal(store))) await vault.reseal(caller);
      },
    ],
  ]);
  app.reserve.ensure();
  return async () => {
    await end();
    await checkpoint(store, vault, clock);
  };
}

/** The timed work of a gateway process, in the program itself or beside it. */
export function startGatewayUpkeep({
  app,
  config,
  log,
  dataPlane,
}: GatewayUpkeepOptions): () => Promise<void> {
  const { clock } = app.control;
  const startedMs = clock.monotonicMs();
  return run(log, [
    [
      "ledger",
      MINUTE_MS,
      async (signal) => {
        const isSettled = clock.monotonicMs() - startedMs > SETTLED_AFTER_MS;
        const keep = keepOf(config, clock.nowMs(), isSettled);
        await rollUpOwn(dataPlane.instance, { dir: ledgerDir(config), keep, signal });
      },
    ],
    ["denials", 10 * SECOND_MS, () => dataPlane.denials.flushEnded()],
    ["last used", 30 * SECOND_MS, () => dataPlane.lastUses.flush()],
    ["gateway prices", MINUTE_MS, () => readPrices(app)],
  ]);
}

/** Rows of the ledger that are kept at the most, beyond the last days. */
const MOST_ROWS = 1_000_000;
/** A gateway has accounted by then for the slices of budgets that the one before it had left. */
const SETTLED_AFTER_MS = 10 * MINUTE_MS;

function keepOf({ ledgerDays: days }: Config, nowMs: number, dropPaid: boolean): KeepOptions {
  return { nowMs, days, rows: MOST_ROWS, dropPaid };
}

function ledgerDir({ home }: Config): string {
  return join(home, "ledger");
}

type Task = readonly [name: string, everyMs: number, task: (signal: AbortSignal) => void | Promise<void>];

function run(log: Log, tasks: readonly Task[]): () => Promise<void> {
  const ending = new AbortController();
  const timers = tasks.map(([name, everyMs, task]) =>
    every(
      everyMs,
      () => task(ending.signal),
      (error) => log.error("upkeep.failed", { task: name, error }),
    ),
  );
  return async () => {
    ending.abort();
    await Promise.all(timers.map((timer) => timer.close()));
  };
}

async function readPrices({ control: { prices, priceOverrides } }: App): Promise<void> {
  prices.replaceOverrides(await priceOverrides.list());
}
