import type { Caller } from "../access/index.ts";
import type { App } from "../app.ts";
import { checkpoint } from "../audit/index.ts";
import type { Config } from "../config.ts";
import { every, type Log } from "../kernel/index.ts";
import type { DataPlane } from "./data-plane.ts";

export interface UpkeepOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly dataPlane: DataPlane;
  readonly caller: Caller;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** The running program's timed work. Gives the function that ends it and waits for what is under way. */
export function startUpkeep({ app, log, dataPlane, caller }: UpkeepOptions): () => Promise<void> {
  const { store, vault, clock } = app.control;
  const timed = (name: string, everyMs: number, task: () => Promise<void>) =>
    every(everyMs, task, (error) => log.error("upkeep.failed", { task: name, error }));

  const timers = [
    timed("denials", 10 * SECOND_MS, () => dataPlane.denials.flushEnded()),
    timed("last used", 30 * SECOND_MS, () => dataPlane.lastUses.flush()),
    timed("checkpoint", 5 * MINUTE_MS, async () => {
      await checkpoint(store, vault, clock);
    }),
    timed("reserve", MINUTE_MS, async () => {
      app.reserve.ensure();
    }),
    timed("prices", MINUTE_MS, async () => {
      app.control.prices.replaceOverrides(await app.control.priceOverrides.list());
    }),
    timed("reseal", MINUTE_MS, async () => {
      if (!vault.locked && (await vault.needsReseal(store))) await vault.reseal(caller);
    }),
  ];
  app.reserve.ensure();
  return async () => {
    await Promise.all(timers.map((timer) => timer.close()));
    await checkpoint(store, vault, clock);
  };
}
