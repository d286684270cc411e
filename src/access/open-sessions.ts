/** What ids of sessions begin with: a token of that id is good only while its session is open. */
export const SESSION_PREFIX = "ses_";

/** Enough that nobody starts so many programs within the life of a token. */
const MAX_REMEMBERED = 10_000;

/**
 * The sessions that somebody holds open, in the memory of the running program and the gateway processes it tells:
 * a session ends with the process that holds it, however that ends, and all end with the running program. One that has
 * ended does not begin again.
 */
export class OpenSessions {
  readonly #holders = new Map<string, number>();
  readonly #ended = new Set<string>();
  readonly #listeners = new Set<(id: string, open: boolean) => void>();

  /** Opens it, or holds it a second time. Gives the function that lets go of it; `undefined` when it has ended. */
  hold(id: string): (() => void) | undefined {
    if (this.#ended.has(id)) return undefined;
    const holders = this.#holders.get(id) ?? 0;
    this.#holders.set(id, holders + 1);
    if (holders === 0) this.#tell(id, true);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#holders.get(id) ?? 1) - 1;
      if (left > 0) this.#holders.set(id, left);
      else this.end(id);
    };
  }

  /** Ends it at once, whoever holds it. */
  end(id: string): void {
    if (!this.#holders.delete(id)) return;
    this.#ended.add(id);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= MAX_REMEMBERED) break;
      this.#ended.delete(oldest);
    }
    this.#tell(id, false);
  }

  isOpen(id: string): boolean {
    return this.#holders.has(id);
  }

  /** Those that are open now. */
  all(): string[] {
    return [...this.#holders.keys()];
  }

  /** Calls `listener` when one opens and when one ends; gives the function that ends that. */
  onChange(listener: (id: string, open: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get count(): number {
    return this.#holders.size;
  }

  #tell(id: string, open: boolean): void {
    for (const listener of this.#listeners) listener(id, open);
  }
}
