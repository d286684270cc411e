import { AsyncLocalStorage } from "node:async_hooks";
import { AppError } from "../kernel/index.ts";

/**
 * Refuses a transaction inside another one of the same store: on SQLite it would wait for itself for ever, on
 * PostgreSQL it would not see the outer one's changes.
 */
export class NestingGuard {
  readonly #outer = new AsyncLocalStorage<{ open: boolean }>();

  async run<T>(transaction: () => Promise<T>): Promise<T> {
    if (this.#outer.getStore()?.open === true) {
      throw new AppError("internal", "a transaction was started inside another one");
    }
    const here = { open: true };
    try {
      return await this.#outer.run(here, transaction);
    } finally {
      here.open = false;
    }
  }
}
