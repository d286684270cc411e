/**
 * A gateway process beside the running program: its own ledger, directory and listener, on the same home or database.
 * It gets its configuration and the vault key from the program that started it and ends when that one is gone.
 */
import type { Caller } from "../../access/index.ts";
import { type App, openApp } from "../../app.ts";
import {
  coalesced,
  Closing,
  createLog,
  type Log,
  Secret,
  serial,
  systemClock,
  toAppError,
} from "../../kernel/index.ts";
import type { LockReason } from "../../vault/index.ts";
import { type DataPlane, openDataPlane } from "../data-plane.ts";
import { listenForStop } from "../stop-signal.ts";
import { startWorkerUpkeep } from "../upkeep.ts";
import { type KeyOnTheWire, lineOf, messagesIn, type News, type Order } from "./messages.ts";

/** Without the program nobody can lock the vault or stop this process: what is under way gets this long. */
const ORPHAN_DRAIN_MS = 2_000;

/** Serves until told to stop, or until the program is gone; gives the exit code. */
export async function runWorker(): Promise<number> {
  const orders = messagesIn<Order>(Bun.stdin.stream());
  const first = await orders.next();
  // Started by hand, or by a program that is gone already.
  if (first.done === true || first.value.kind !== "start") return 2;
  // That nobody listens any more is known from the other pipe.
  process.stdout.on("error", () => {});
  const tell = (news: News) => void process.stdout.write(lineOf(news));
  const closing = new Closing();
  const stop = listenForStop();
  closing.add(() => stop.close());
  try {
    const served = await serve(first.value, tell, closing);
    tell({ kind: "ready", url: served.plane.url, port: served.plane.port, instance: served.plane.instance });
    let drainMs = first.value.config.drainSeconds * 1000;
    void carryOut(orders, served, tell).then((limitMs) => {
      drainMs = limitMs;
      stop.stop();
    });
    await stop.asked;
    await served.plane.stop(drainMs);
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    const news: News = { kind: "failed", code, message, hint: hint ?? null };
    await new Promise<void>((said) => void process.stdout.write(lineOf(news), () => said()));
    return await closing.close().then(
      () => 1,
      () => 1,
    );
  }
  await closing.close();
  return 0;
}

interface Served {
  readonly app: App;
  readonly caller: Caller;
  readonly plane: DataPlane;
  readonly log: Log;
  readonly pricesChanged: () => void;
}

async function serve(
  { config, key, sessions }: Extract<Order, { kind: "start" }>,
  tell: (news: News) => void,
  closing: Closing,
): Promise<Served> {
  const log = createLog({
    level: config.log,
    clock: systemClock,
    write: (line) => tell({ kind: "log", line }),
  });
  const caller = { kind: "gateway", node: `worker-${process.pid}` } as const;
  const app = await openApp(config, { storeMode: "worker", caller, log, handed: key && handed(key) });
  closing.add(() => app.close());
  for (const id of sessions) app.control.sessions.hold(id);
  const plane = await openDataPlane({ app, config, log, sharesPort: true });
  closing.add(() => plane.close());
  closing.add(startWorkerUpkeep({ app, config, log, dataPlane: plane }));
  const prices = coalesced(async () => {
    try {
      app.control.prices.replaceOverrides(await app.control.priceOverrides.list());
    } catch (error) {
      log.warn("worker.prices", { error });
    }
  });
  closing.add(() => prices.done());
  return { app, caller, plane, log, pricesChanged: prices.ask };
}

/** Does what the program says; resolves when it says stop, or says nothing ever more, with the time for draining. */
async function carryOut(
  orders: AsyncGenerator<Order>,
  served: Served,
  tell: (news: News) => void,
): Promise<number> {
  const { app, plane } = served;
  const { vault } = app.control;
  const oneByOne = serial();
  /** The last lock: a key that was on its way before is not taken. */
  let lock: { readonly reason: LockReason } | undefined;
  for await (const order of orders) {
    if (order.kind === "stop") return order.limitMs;
    if (order.kind === "lock") {
      lock = { reason: order.reason };
      vault.lock(order.reason);
      tell({ kind: "reached", mark: order.mark });
    } else if (order.kind === "report") {
      const report = {
        unready: plane.notReady() ?? null,
        inFlight: plane.inFlight(),
        metrics: plane.metrics(),
      };
      tell({ kind: "report", mark: order.mark, report });
    } else if (order.kind === "tellSpent") {
      void plane.tellSpent().then(() => tell({ kind: "reached", mark: order.mark }));
    } else if (order.kind === "unlock") {
      const before = lock;
      void oneByOne(async () => {
        if (before === lock) await takeOver(order.key, served);
        if (lock !== undefined && before !== lock) vault.lock(lock.reason);
      });
    } else void oneByOne(() => Promise.resolve(note(order, served, tell)));
  }
  return ORPHAN_DRAIN_MS;
}

function note(order: Order, { app, plane, pricesChanged }: Served, tell: (news: News) => void): void {
  if (order.kind === "reach") tell({ kind: "reached", mark: order.mark });
  else if (order.kind === "session" && order.open) app.control.sessions.hold(order.id);
  else if (order.kind === "session") app.control.sessions.end(order.id);
  else if (order.kind === "committed") {
    plane.noteCommit();
    pricesChanged();
  }
}

async function takeOver(key: KeyOnTheWire, { app, caller, log }: Served): Promise<void> {
  try {
    await app.control.vault.takeOver(caller, handed(key));
  } catch (error) {
    log.error("worker.not_unlocked", { error });
  }
}

function handed({ generation, key }: KeyOnTheWire) {
  return { generation, key: new Secret(key) };
}
