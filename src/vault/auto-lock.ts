import { type Clock, every } from "../kernel/index.ts";

export interface AutoLockOptions {
  /** Time without management after which the vault locks itself; 0 = never. */
  afterMs: number;
  clock: Clock;
  /** Locks; called at most once until the next {@link AutoLock.touch}. */
  onLock: () => void;
  onError?: (error: unknown) => void;
}

const CHECK_EVERY_MS = 5_000;

/**
 * Ends management access after a while without it. What was lent to the gateway stays lent: that a tool goes on
 * working through the night is the point of a gateway; `lock` ends both.
 */
export class AutoLock {
  readonly #options: AutoLockOptions;
  readonly #timer: { close(): Promise<void> } | undefined;
  #touchedAt: { nowMs: number; monotonicMs: number } | undefined;

  constructor(options: AutoLockOptions) {
    this.#options = options;
    if (options.afterMs > 0) {
      this.#timer = every(CHECK_EVERY_MS, () => this.check(), options.onError ?? (() => {}));
    }
  }

  /** To be called after each unlocking and at each use of management. */
  touch(): void {
    const { clock } = this.#options;
    this.#touchedAt = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }

  /** Locks if it is time. Runs by itself every few seconds; to be called before each use, too. */
  check(): void {
    const { afterMs, onLock } = this.#options;
    if (afterMs <= 0 || this.#idleMs() < afterMs) return;
    this.#touchedAt = undefined;
    onLock();
  }

  async close(): Promise<void> {
    await this.#timer?.close();
  }

  /** The monotonic clock stands still while a laptop sleeps, the other one can be set back: the longer time counts. */
  #idleMs(): number {
    if (!this.#touchedAt) return 0;
    const { clock } = this.#options;
    return Math.max(clock.nowMs() - this.#touchedAt.nowMs, clock.monotonicMs() - this.#touchedAt.monotonicMs);
  }
}
