import type { Caller } from "../access/index.ts";
import type { App } from "../app.ts";
import { checkpoint } from "../audit/index.ts";
import type { Config } from "../config.ts";
import { every, type Log } from "../kernel/index.ts";
import { alertTasks } from "./alerts/alerts.ts";
import type { DataPlane } from "./data-plane.ts";
import { abandonedLedgerTasks, ownLedgerTasks, type Task } from "./ledger-upkeep.ts";

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
    ...abandonedLedgerTasks(app, config),
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

/** The timed work of a gateway process beside the program, whose prices nobody else reads. */
export function startWorkerUpkeep(options: GatewayUpkeepOptions): () => Promise<void> {
  return startGatewayUpkeep(options, [["prices", MINUTE_MS, () => readPrices(options.app)]]);
}

/** The timed work of a gateway, in the program itself or beside it. */
export function startGatewayUpkeep(
  { app, config, log, dataPlane }: GatewayUpkeepOptions,
  more: readonly Task[] = [],
): () => Promise<void> {
  const ledger = ownLedgerTasks(app, config, dataPlane.instance);
  const end = run(log, [
    ...ledger.tasks,
    ["denials", 10 * SECOND_MS, () => dataPlane.denials.flushEnded()],
    ["last used", 30 * SECOND_MS, () => dataPlane.lastUses.flush()],
    ["addresses", 10 * SECOND_MS, () => dataPlane.addresses.flush()],
    ...more,
  ]);
  return async () => {
    await end();
    await ledger.atEnd();
  };
}

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
