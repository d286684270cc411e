import { AppError, workerUrl } from "../../kernel/index.ts";
import type { Row, Value } from "../store.ts";
import type { Session } from "../transaction.ts";
import type { SqliteBackend, SqliteEngineOptions } from "./engine.ts";
import { fromWire, type WorkerAnswer, type WorkerCall, type WorkerRequest } from "./worker-protocol.ts";

type Result = readonly Row[] | number | undefined;

/** {@link SqliteEngine} in another thread: whatever SQLite waits for, the calling thread goes on. */
export class WorkerBackend implements SqliteBackend {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (result: Result) => void; reject: (error: AppError) => void }
  >();
  #lastNumber = 0;
  #ended: AppError | undefined;

  static async open({ path, busyTimeoutMs }: SqliteEngineOptions): Promise<WorkerBackend> {
    const backend = new WorkerBackend(new Worker(workerUrl("store/sqlite/worker"), { name: "store" }));
    try {
      await backend.#call({ kind: "open", path, busyTimeoutMs });
      return backend;
    } catch (error) {
      await backend.close();
      throw error;
    }
  }

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerAnswer>) => this.#settle(data));
    worker.addEventListener("error", ({ message }) => this.#end(`the store's thread failed: ${message}`));
    worker.addEventListener("close", () => this.#end("the store's thread has ended"));
  }

  async all(sql: string, params: readonly Value[]): Promise<Row[]> {
    return rowsOf(await this.#call({ kind: "read", sql, params }));
  }

  async begin(): Promise<Session> {
    await this.#call({ kind: "begin" });
    return {
      all: async (sql, params) => rowsOf(await this.#call({ kind: "all", sql, params })),
      run: async (sql, params) => Number(await this.#call({ kind: "run", sql, params })),
      commit: async () => void (await this.#call({ kind: "commit" })),
      // A thread that has ended has rolled back.
      rollback: async () => void (await this.#call({ kind: "rollback" }).catch(() => {})),
    };
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#call({ kind: "close" }).catch(() => {});
    this.#end("the store is closed");
    this.#worker.terminate();
  }

  #call(call: WorkerCall): Promise<Result> {
    if (this.#ended) return Promise.reject(this.#ended);
    const number = ++this.#lastNumber;
    const request: WorkerRequest = { number, call };
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage(request, []);
    });
  }

  #settle(answer: WorkerAnswer): void {
    const caller = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ("error" in answer) caller?.reject(fromWire(answer.error));
    else caller?.resolve(answer.result);
  }

  #end(reason: string): void {
    this.#ended ??= new AppError("store_unavailable", reason, { hint: "start Ownkey again" });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function rowsOf(result: Result): Row[] {
  if (Array.isArray(result)) return result as Row[];
  throw new AppError("internal", "the store's thread gave no rows");
}
