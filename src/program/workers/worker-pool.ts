import type { SeenRates } from "../../budgets/index.ts";
import type { App } from "../../app.ts";
import type { Config } from "../../config.ts";
import type { GatewayView } from "../../control/index.ts";
import { AppError, type Log } from "../../kernel/index.ts";
import { assertPortIsFree } from "../../gateway/index.ts";
import type { LockReason } from "../../vault/index.ts";
import type { Serving } from "../serving.ts";
import type { KeyOnTheWire, Order } from "./messages.ts";
import { sumMetrics } from "./sum-metrics.ts";
import { type Listening, WorkerProcess } from "./worker-process.ts";

export interface WorkerPoolOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly writeLog: (line: string) => void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;
/** A process that ran for so long was sound: its end is the first one again. */
const SOUND_AFTER_MS = 60_000;
/** What closing takes behind the draining. */
const ENDS_WITHIN_MS = 10_000;

/** The place of one worker: who has it now, and how often it was filled anew. */
interface Seat {
  worker: WorkerProcess;
  listening: Listening | undefined;
  startedMs: number;
  pauseMs: number;
  restarts: number;
}

/**
 * Starts the gateway processes and waits until all of them listen. They share the port; a worker that ends is replaced,
 * at once for the first time and after longer and longer pauses when it keeps ending.
 * @throws AppError `unsupported` where the system has no shared port, `address_in_use`, and as a worker's start.
 */
export async function startWorkers(options: WorkerPoolOptions): Promise<Serving> {
  if (options.config.platform !== "linux") throw noSharedPort();
  // Shared ports are shared with whoever asks for it, another home's gateway included.
  await assertPortIsFree(options.config.host, options.config.port);
  const pool = new WorkerPool(options);
  try {
    await pool.start();
    return pool;
  } catch (error) {
    await pool.close();
    throw error;
  }
}

class WorkerPool implements Serving {
  url = "";
  readonly #options: WorkerPoolOptions;
  readonly #seats: Seat[] = [];
  readonly #locks = new Set<Promise<void>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #unsubscribe: (() => void)[] = [];
  #config: Config;
  #key: KeyOnTheWire | null = null;
  #ending = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#config = options.config;
    const { vault, sessions } = options.app.control;
    this.#unsubscribe.push(
      vault.handOver(({ generation, key }) => {
        this.#key = { generation, key: key.reveal() };
        this.#tellAll({ kind: "unlock", key: this.#key });
      }),
      vault.onLock((reason) => this.#lockAll(reason)),
      sessions.onChange((id, open) => this.#tellAll({ kind: "session", id, open })),
    );
    options.app.onCommit(() => this.#tellAll({ kind: "committed" }));
  }

  /** The first one chooses the port when any will do. */
  async start(): Promise<void> {
    const first = this.#newSeat();
    const { url, port } = await first.worker.ready;
    this.url = url;
    this.#config = { ...this.#config, port };
    while (this.#seats.length < this.#config.workers) this.#newSeat();
    await Promise.all(this.#seats.map(async ({ worker }) => await worker.ready));
    for (const seat of this.#seats) this.#watch(seat);
  }

  async notReady(): Promise<string | undefined> {
    const reports = await this.#reports();
    if (reports.length === 0) return "no_gateway";
    // Who cannot serve says so to its callers; the others go on.
    return reports.every(({ unready }) => unready !== null) ? (reports[0]?.unready ?? undefined) : undefined;
  }

  async metrics(): Promise<string> {
    const own = [
      "# HELP ownkey_gateway_processes Gateway processes that answer.",
      "# TYPE ownkey_gateway_processes gauge",
    ];
    const reports = await this.#reports();
    return sumMetrics([
      ...reports.map(({ metrics }) => metrics),
      [...own, `ownkey_gateway_processes ${reports.length}`].join("\n"),
    ]);
  }

  /** Each of them writes what it was told into the store. */
  providerRates(): SeenRates[] {
    return [];
  }

  async gateways(): Promise<GatewayView[]> {
    return await Promise.all(
      this.#seats.map(async ({ worker, listening, restarts }) => {
        const report = listening && !worker.hasEnded ? await worker.report() : undefined;
        return {
          instance: listening?.instance ?? null,
          pid: worker.hasEnded ? null : worker.pid,
          state: report ? (report.unready ?? "ready") : worker.hasEnded ? "restarting" : "silent",
          inFlight: report?.inFlight ?? 0,
          restarts,
        };
      }),
    );
  }

  async tellSpent(): Promise<void> {
    await Promise.all(this.#seats.map(async ({ worker }) => await worker.tellSpent()));
  }

  async inForce(): Promise<void> {
    await Promise.all([...this.#locks, ...this.#seats.map(async ({ worker }) => await worker.reached())]);
  }

  async stop(limitMs: number): Promise<void> {
    this.#end();
    this.#tellAll({ kind: "stop", limitMs });
    const late = setTimeout(() => this.#killAll(), limitMs + ENDS_WITHIN_MS);
    await Promise.all(this.#seats.map(async ({ worker }) => await worker.ended));
    clearTimeout(late);
  }

  async close(): Promise<void> {
    this.#end();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#killAll();
    await Promise.all(this.#seats.map(async ({ worker }) => await worker.ended));
    this.#key = null;
  }

  #killAll(): void {
    for (const { worker } of this.#seats) if (!worker.hasEnded) worker.kill();
  }

  #end(): void {
    this.#ending = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #reports() {
    const sitting = this.#seats.filter(({ worker, listening }) => listening && !worker.hasEnded);
    const reports = await Promise.all(sitting.map(async ({ worker }) => await worker.report()));
    return reports.filter((report) => report !== undefined);
  }

  #tellAll(order: Order): void {
    for (const { worker } of this.#seats) worker.tell(order);
  }

  #lockAll(reason: LockReason): void {
    this.#key = null;
    for (const { worker } of this.#seats) {
      const locking = worker.lock(reason).finally(() => this.#locks.delete(locking));
      this.#locks.add(locking);
    }
  }

  #newSeat(): Seat {
    const seat: Seat = {
      worker: this.#newWorker(),
      listening: undefined,
      startedMs: performance.now(),
      pauseMs: FIRST_PAUSE_MS,
      restarts: 0,
    };
    this.#seats.push(seat);
    this.#note(seat);
    return seat;
  }

  #newWorker(): WorkerProcess {
    const { log, writeLog, app } = this.#options;
    const sessions = app.control.sessions.all();
    const start = { kind: "start", config: this.#config, key: this.#key, sessions } as const;
    return new WorkerProcess({ start, log, writeLog });
  }

  #note(seat: Seat): void {
    const { worker } = seat;
    worker.ready.then(
      (listening) => {
        if (seat.worker === worker) seat.listening = listening;
      },
      () => {},
    );
  }

  /** Fills the seat again whenever its process ends, until the pool does. */
  #watch(seat: Seat): void {
    const { worker } = seat;
    const { log } = this.#options;
    void worker.ended.then(async (how) => {
      if (this.#ending) return;
      const wasSound = performance.now() - seat.startedMs > SOUND_AFTER_MS;
      seat.pauseMs = wasSound ? FIRST_PAUSE_MS : Math.min(seat.pauseMs * 2, LONGEST_PAUSE_MS);
      const error = await worker.ready.then(
        () => undefined,
        (failure: unknown) => failure,
      );
      log.error("worker.ended", { pid: worker.pid, how, againInMs: seat.pauseMs, error });
      seat.listening = undefined;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        seat.restarts++;
        seat.startedMs = performance.now();
        seat.worker = this.#newWorker();
        this.#note(seat);
        this.#watch(seat);
      }, seat.pauseMs);
      this.#timers.add(timer);
    });
  }
}

function noSharedPort(): AppError {
  return new AppError(
    "unsupported",
    "several gateway processes need a port that they share, which only Linux has",
    {
      hint: "run one: ownkey up --workers 1; one process uses about one core",
    },
  );
}
