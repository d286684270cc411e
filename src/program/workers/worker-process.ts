import { AppError, type ErrorCode, type Log } from "../../kernel/index.ts";
import type { LockReason } from "../../vault/index.ts";
import { selfCommand } from "../detach.ts";
import { lineOf, messagesIn, type News, type Order, type WorkerReport } from "./messages.ts";

/** The hidden command by which this program starts itself as a gateway process. */
export const WORKER_COMMAND = "gateway-worker";

const READY_WITHIN_MS = 30_000;
/** A worker that is not there for so long is left out of a report. */
const ANSWERS_WITHIN_MS = 2_000;
/** Changes are waited for a little longer: unlocking asks the store. */
const REACHED_WITHIN_MS = 10_000;
/** A worker that does not forget the keys within this time is ended, and they with it. */
const LOCKED_WITHIN_MS = 2_000;

export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly instance: string;
}

export interface WorkerProcessOptions {
  /** Its first message. */
  readonly start: Extract<Order, { kind: "start" }>;
  readonly log: Log;
  /** Lines for the log, as the worker made them. */
  readonly writeLog: (line: string) => void;
}

/** One gateway process, from its start to its end. */
export class WorkerProcess {
  readonly pid: number;
  /** Resolves when it listens. @throws AppError, as the worker met it, or `not_running` when it just ended. */
  readonly ready: Promise<Listening>;
  /** Resolves with what it ended with: a code, or the signal's name. */
  readonly ended: Promise<string>;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #log: Log;
  readonly #waiting = new Map<number, (report: WorkerReport | undefined) => void>();
  #lastMark = 0;
  /** Orders were given since the last `reach`. */
  #isBehind = false;
  #hasEnded = false;

  constructor({ start, log, writeLog }: WorkerProcessOptions) {
    const [command, ...args] = selfCommand();
    this.#child = Bun.spawn([command, ...args, WORKER_COMMAND], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#log = log;
    this.pid = this.#child.pid;
    const ready = Promise.withResolvers<Listening>();
    this.ready = ready.promise;
    // Who does not wait for it hears of the end.
    ready.promise.catch(() => {});
    const late = setTimeout(() => {
      ready.reject(new AppError("not_running", "a gateway process was not ready after 30 seconds"));
      this.kill();
    }, READY_WITHIN_MS);
    void ready.promise.catch(() => {}).finally(() => clearTimeout(late));
    this.ended = this.#untilEnded(ready, this.#listen(ready, writeLog));
    this.tell(start);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** An order; lost when the process has ended. */
  tell(order: Order): void {
    if (this.#hasEnded) return;
    this.#isBehind = true;
    try {
      void this.#child.stdin.write(lineOf(order));
      void this.#child.stdin.flush();
    } catch (error) {
      this.#log.debug("worker.untold", { pid: this.pid, error });
    }
  }

  /** Resolves when every order so far is carried out; at once when there was none. */
  async reached(): Promise<void> {
    if (!this.#isBehind || this.#hasEnded) return;
    const answer = this.#ask("reach", REACHED_WITHIN_MS);
    this.#isBehind = false;
    if ((await answer) === undefined && !this.#hasEnded) this.#log.warn("worker.slow", { pid: this.pid });
  }

  /** `undefined` when it does not answer. */
  async report(): Promise<WorkerReport | undefined> {
    return await this.#question("report");
  }

  /** Resolves when the store knows what it has spent, or when it does not answer. */
  async tellSpent(): Promise<void> {
    await this.#question("tellSpent");
  }

  /** Resolves when the process has forgotten the keys, or is no more. */
  async lock(reason: LockReason): Promise<void> {
    const mark = this.#nextMark();
    const answer = this.#answer(mark, LOCKED_WITHIN_MS);
    this.tell({ kind: "lock", reason, mark });
    if ((await answer) !== undefined || this.#hasEnded) return;
    this.#log.error("worker.not_locked", { pid: this.pid });
    this.kill();
    await this.ended;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Changes nothing there: whoever waits for changes need not wait for it. */
  #question(kind: "report" | "tellSpent"): Promise<WorkerReport | undefined> {
    const wasBehind = this.#isBehind;
    const answer = this.#ask(kind, ANSWERS_WITHIN_MS);
    this.#isBehind = wasBehind;
    return answer;
  }

  #ask(kind: "reach" | "report" | "tellSpent", limitMs: number): Promise<WorkerReport | undefined> {
    const mark = this.#nextMark();
    const answer = this.#answer(mark, limitMs);
    this.tell({ kind, mark });
    return answer;
  }

  #nextMark(): number {
    this.#lastMark += 1;
    return this.#lastMark;
  }

  /** `undefined` when the time is over, or the process ends before. */
  #answer(mark: number, limitMs: number): Promise<WorkerReport | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<WorkerReport | undefined>();
    const late = setTimeout(() => resolve(undefined), limitMs);
    this.#waiting.set(mark, resolve);
    return promise.finally(() => {
      clearTimeout(late);
      this.#waiting.delete(mark);
    });
  }

  async #listen(ready: PromiseWithResolvers<Listening>, writeLog: (line: string) => void): Promise<void> {
    try {
      for await (const news of messagesIn<News>(this.#child.stdout)) {
        if (news.kind === "ready") ready.resolve(news);
        else if (news.kind === "failed") ready.reject(failure(news));
        else if (news.kind === "log") writeLog(news.line);
        else if (news.kind === "reached") this.#waiting.get(news.mark)?.(NOTHING);
        else this.#waiting.get(news.mark)?.(news.report);
      }
    } catch (error) {
      this.#log.error("worker.unreadable", { pid: this.pid, error });
      this.kill();
    }
  }

  async #untilEnded(ready: PromiseWithResolvers<Listening>, heard: Promise<void>): Promise<string> {
    // What it said last counts: why it could not start.
    const [code] = await Promise.all([this.#child.exited, heard]);
    this.#hasEnded = true;
    const how = String(this.#child.signalCode ?? code);
    ready.reject(new AppError("not_running", `a gateway process ended at its start with ${how}`));
    for (const answer of this.#waiting.values()) answer(undefined);
    return how;
  }
}

const NOTHING: WorkerReport = { unready: null, inFlight: 0, metrics: "" };

function failure({ code, message, hint }: Extract<News, { kind: "failed" }>): AppError {
  return new AppError(code as ErrorCode, message, hint === null ? {} : { hint });
}
