/**
 * A bound on all request bodies that are in memory at once. Each request has a share of it for as long as its body is
 * kept; where there is no room it waits a little, in the order of asking, and is then told to come again.
 */
import { AppError } from "../kernel/index.ts";

const DEFAULT_WAIT_MS = 3_000;
const RETRY_AFTER_MS = 2_000;

export interface BodyMemoryOptions {
  readonly limitBytes: number;
  /** How long a request waits for others to end. */
  readonly waitMs?: number;
}

/** One request's part. */
export interface BodyShare {
  /**
   * To be called before memory is taken. `undefined` when there is room at once.
   * @throws AppError `too_large` for more than there is altogether; `overloaded` when no room came free in time.
   */
  grow(bytes: number): Promise<void> | undefined;
  shrink(bytes: number): void;
  /** Gives all of it back; to be called when the request has ended, whatever came of it. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

export class BodyMemory {
  readonly #limitBytes: number;
  readonly #waitMs: number;
  readonly #waiting: Waiting[] = [];
  #usedBytes = 0;

  constructor({ limitBytes, waitMs = DEFAULT_WAIT_MS }: BodyMemoryOptions) {
    this.#limitBytes = limitBytes;
    this.#waitMs = waitMs;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  share(): BodyShare {
    let heldBytes = 0;
    let released = false;
    const giveBack = (bytes: number) => {
      heldBytes -= bytes;
      this.#usedBytes -= bytes;
      this.#letGo();
    };
    return {
      grow: (bytes) => {
        if (heldBytes + bytes > this.#limitBytes) throw this.#neverFits();
        const taken = () => {
          heldBytes += bytes;
          // It was given up while it waited.
          if (released) giveBack(bytes);
        };
        // Whoever waits already is served first.
        if (this.#waiting.length > 0 || !this.#take(bytes)) return this.#wait(bytes).then(taken);
        taken();
        return undefined;
      },
      shrink: (bytes) => giveBack(Math.min(bytes, heldBytes)),
      release: () => {
        released = true;
        giveBack(heldBytes);
      },
    };
  }

  #take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  #wait(bytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const one: Waiting = { bytes, go: resolve };
    this.#waiting.push(one);
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      reject(overloaded());
      // A smaller one behind it may fit.
      this.#letGo();
    }, this.#waitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  #letGo(): void {
    for (let next = this.#waiting[0]; next && this.#take(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.go();
    }
  }

  #neverFits(): AppError {
    return new AppError(
      "too_large",
      `the request body is larger than the ${this.#limitBytes} bytes that this gateway keeps of all bodies together`,
      {
        hint: "send less at once, or let its owner raise the limit: ownkey config set bodyMemoryMb",
        details: { limitBytes: this.#limitBytes },
      },
    );
  }
}

function overloaded(): AppError {
  return new AppError("overloaded", "this gateway has as many large requests under way as it can keep", {
    hint: "try again shortly",
    retryable: true,
    details: { retryAfterMs: RETRY_AFTER_MS },
  });
}
