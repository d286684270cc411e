import { type Log, workerUrl } from "../kernel/index.ts";
import type { CheckpointAnswer, CheckpointCall } from "./checkpoint-worker.ts";

/** A thread weighs several megabytes: it ends when it has had nothing to do for this long. */
const KEPT_FOR_MS = 10_000;

export interface CheckpointThread {
  /** Begins a checkpoint, unless one is under way; `done` is called when it has ended well, on this thread. */
  run(): void;
  /** Lets a checkpoint that is under way end first: a thread that is ended in it would keep SQLite's locks. */
  close(): Promise<void>;
}

export interface CheckpointThreadOptions {
  readonly path: string;
  readonly log: Log;
  readonly done: () => void;
}

/** Checkpoints in a thread that is there only while it is needed. */
export function createCheckpointThread({ path, log, done }: CheckpointThreadOptions): CheckpointThread {
  let worker: Worker | undefined;
  let busy = false;
  let closed = false;
  let onRest = () => {};
  let idle: ReturnType<typeof setTimeout> | undefined;

  const rest = () => {
    busy = false;
    onRest();
  };
  const end = () => {
    clearTimeout(idle);
    worker?.terminate();
    worker = undefined;
    rest();
  };
  const failed = (error: string) => {
    log.warn("ledger.checkpoint_failed", { error });
    end();
  };
  const start = (): Worker => {
    const started = new Worker(workerUrl("ledger/checkpoint-worker"), { name: "checkpoints" });
    // What a thread says that was ended, and maybe replaced, is not heard.
    const current = <Event>(listener: (event: Event) => void) => {
      return (event: Event) => void (worker === started && listener(event));
    };
    started.addEventListener(
      "message",
      current(({ data }: MessageEvent<CheckpointAnswer>) => {
        if (data.error !== undefined) return failed(data.error);
        rest();
        idle = setTimeout(end, KEPT_FOR_MS).unref();
        if (!closed) done();
      }),
    );
    started.addEventListener(
      "error",
      current(({ message }: ErrorEvent) => failed(message)),
    );
    started.addEventListener(
      "close",
      current(() => failed("the thread has ended")),
    );
    // It keeps no process alive.
    started.unref();
    return started;
  };

  return {
    run() {
      if (busy || closed) return;
      busy = true;
      clearTimeout(idle);
      worker ??= start();
      const call: CheckpointCall = { path };
      worker.postMessage(call, []);
    },
    async close() {
      closed = true;
      if (busy) await new Promise<void>((resolve) => (onRest = resolve));
      end();
    },
  };
}
