/** A way to stop something that was started. Closing twice is harmless. */
export interface Closable {
  close(): void | Promise<void>;
}

/**
 * Runs `task` every `everyMs`, never twice at once; a failure goes to `onError` and the next run comes all the same.
 * Does not keep the process alive. `close` waits for a run under way.
 */
export function every(
  everyMs: number,
  task: () => void | Promise<void>,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    // The first `then` makes a task that throws at once end after `running` is set, like any other.
    running ??= Promise.resolve()
      .then(task)
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Runs the given pieces of work one after another, in the order of the calls. */
export function serial(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
}

/**
 * Work that is due after many events and needs doing only once for those that came meanwhile: `ask` starts it, or has
 * it done once more when it is under way. It must not throw. `done` resolves when all that was asked for is done.
 */
export function coalesced(work: () => Promise<void>): { ask: () => void; done: () => Promise<void> } {
  let asked = false;
  let running: Promise<void> | undefined;
  const run = async () => {
    while (asked) {
      asked = false;
      await work();
    }
    running = undefined;
  };
  return {
    ask() {
      asked = true;
      running ??= run();
    },
    async done() {
      await running;
    },
  };
}
