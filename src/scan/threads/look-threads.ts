import { AppError, workerUrl } from "../../kernel/index.ts";
import type { SharedKnownKeys } from "../known-keys.ts";
import { RULES } from "../rules.ts";
import type { Looked } from "../stream-reading.ts";
import { fromWire, type LookAnswer, type LookBegin, type LookCall } from "./look-protocol.ts";

/** Batches that a thread has at a time: one that it looks at, and one so that it need not wait for the next. */
const BATCHES_AT_A_TIME = 2;

export interface LookThreadsOptions {
  readonly count: number;
  readonly known: SharedKnownKeys | undefined;
  /** Told of each thread that ends by itself, and why. */
  readonly onEnd: (why: string) => void;
  readonly startWorker?: () => Worker;
}

/** Threads that look at files while this one does as well. They keep the process alive until {@link close}. */
export class LookThreads {
  readonly #threads: LookThread[];

  constructor(options: LookThreadsOptions) {
    this.#threads = Array.from({ length: options.count }, () => started(options)).filter(
      (thread) => thread !== undefined,
    );
  }

  /**
   * What was found in each of the files; `undefined` when every thread has enough to do, or has ended. Rejects when the
   * thread ends before it has answered: then the files have to be looked at by somebody else.
   */
  look(paths: readonly string[]): Promise<readonly Looked[]> | undefined {
    const [idlest] = this.#threads
      .filter((thread) => thread.hasRoom)
      .toSorted((a, b) => a.batches - b.batches);
    return idlest?.look(paths);
  }

  /** How many have looked at files. */
  get atWork(): number {
    return this.#threads.filter(({ hasAnswered }) => hasAnswered).length;
  }

  /** Ends the threads, whatever they are at. */
  close(): void {
    for (const thread of this.#threads) thread.close();
  }
}

export function startLookWorker(): Worker {
  return new Worker(workerUrl("scan/threads/look-worker"), { name: "scan" });
}

/** A machine that has no room for another thread is no reason not to scan. */
function started(options: LookThreadsOptions): LookThread | undefined {
  try {
    return new LookThread(options);
  } catch (error) {
    options.onEnd(error instanceof Error ? error.message : "it cannot be started");
    return undefined;
  }
}

class LookThread {
  readonly #worker: Worker;
  readonly #onEnd: (why: string) => void;
  readonly #waiting: PromiseWithResolvers<readonly Looked[]>[] = [];
  #state: "starting" | "ready" | "ended" = "starting";
  #hasAnswered = false;

  constructor({ known, onEnd, startWorker = startLookWorker }: LookThreadsOptions) {
    this.#onEnd = onEnd;
    this.#worker = startWorker();
    this.#worker.addEventListener("message", ({ data }: MessageEvent<LookAnswer>) => this.#take(data));
    this.#worker.addEventListener("error", ({ message }: ErrorEvent) => this.#fail(message));
    this.#worker.addEventListener("close", () => this.#fail("nobody knows why"));
    const begin: LookBegin = { known };
    this.#worker.postMessage(begin, []);
  }

  get hasRoom(): boolean {
    return this.#state === "ready" && this.batches < BATCHES_AT_A_TIME;
  }

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get batches(): number {
    return this.#waiting.length;
  }

  look(paths: readonly string[]): Promise<readonly Looked[]> {
    const call: LookCall = { paths };
    const waiting = Promise.withResolvers<readonly Looked[]>();
    this.#waiting.push(waiting);
    this.#worker.postMessage(call, []);
    return waiting.promise;
  }

  close(): void {
    this.#state = "ended";
    this.#worker.terminate();
    const error = new AppError("internal", "a thread of the scan has ended");
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #fail(why: string): void {
    if (this.#state === "ended") return;
    this.close();
    this.#onEnd(why);
  }

  /** Answers come in the order of the calls. */
  #take(answer: LookAnswer): void {
    if (answer === "ready") {
      if (this.#state === "starting") this.#state = "ready";
      return;
    }
    this.#hasAnswered = true;
    this.#waiting.shift()?.resolve(fromWire(answer, (id) => RULES_BY_ID.get(id)));
  }
}

const RULES_BY_ID = new Map(RULES.map((rule) => [rule.id, rule]));
