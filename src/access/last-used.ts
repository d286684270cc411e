import type { Store, Tx } from "../store/index.ts";
import { writeLastUsed } from "./virtual-key-table.ts";

/**
 * When virtual keys were last used: noted in memory for each request, written now and then in one transaction. Not
 * audited; a crash loses what was not yet written, and of more keys
 * than {@link MAX_NOTED} between two writes those noted first are forgotten.
 */
export class LastUsed {
  readonly #store: Store;
  #noted = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  note(virtualKeyId: string, atMs: number): void {
    this.#noted.set(virtualKeyId, atMs);
    if (this.#noted.size <= MAX_NOTED) return;
    for (const first of this.#noted.keys()) {
      this.#noted.delete(first);
      return;
    }
  }

  /** For a timer and for the end; when it rejects, nothing is forgotten. */
  async flush(): Promise<void> {
    const noted = this.#noted;
    if (noted.size === 0) return;
    this.#noted = new Map();
    try {
      const write = async (tx: Tx) => {
        for (const [id, atMs] of noted) await writeLastUsed(tx, id, atMs);
      };
      await this.#store.tx(write, { isNews: false });
    } catch (error) {
      this.#noted = new Map([...noted, ...this.#noted]);
      throw error;
    }
  }
}

const MAX_NOTED = 100_000;
