/**
 * A bound on all request bodies that are in memory at once. Each request has a share of it for as long as its body is
 * kept; where there is no room it waits a little, in the order of asking, and is then told to come again. A body holds
 * room for all that was announced of it; while others wait, what does not come is lent to them.
 */
import { AppError } from "../kernel/index.ts";

const DEFAULT_WAIT_MS = 3_000;
const RETRY_AFTER_MS = 2_000;
/** A body keeps the room that it has not filled yet as long as it will be here within this time, from a second on. */
const ARRIVES_WITHIN_MS = 60_000;
const FIRST_LOOK_MS = 1_000;
const LOOK_EVERY_MS = 250;

export interface BodyMemoryOptions {
  readonly limitBytes: number;
  /** How long a request waits for others to end. */
  readonly waitMs?: number;
  /** How often those that have room are looked at while somebody waits. */
  readonly lookEveryMs?: number;
  /** Any clock that does not jump. */
  readonly nowMs?: () => number;
}

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

export class BodyMemory {
  readonly limitBytes: number;
  readonly #waitMs: number;
  readonly #lookEveryMs: number;
  readonly #waiting: Waiting[] = [];
  /** Whose bodies are on their way, oldest first. */
  readonly #arriving = new Set<BodyShare>();
  readonly nowMs: () => number;
  #usedBytes = 0;

  constructor(options: BodyMemoryOptions) {
    this.limitBytes = options.limitBytes;
    this.#waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
    this.#lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A request's part, empty so far; `callerGone` ends its waiting. */
  share(callerGone?: AbortSignal): BodyShare {
    return new BodyShare(this, callerGone);
  }

  /** For shares: `undefined` when there is room at once. Whoever waits already is served first. */
  take(bytes: number, callerGone: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#waiting.length > 0 || !this.#takeNow(bytes)) return this.#wait(bytes, callerGone);
    return undefined;
  }

  /** For shares. */
  giveBack(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#letGo();
  }

  /** For shares. */
  begun(share: BodyShare): void {
    this.#arriving.add(share);
  }

  /** For shares. */
  arrived(share: BodyShare): void {
    this.#arriving.delete(share);
  }

  #takeNow(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  #wait(bytes: number, callerGone: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const one: Waiting = { bytes, go: resolve };
    const giveUp = (reason: AppError) => {
      const at = this.#waiting.indexOf(one);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(reason);
      // A smaller one behind it may fit.
      this.#letGo();
    };
    const gone = () => giveUp(new AppError("cancelled", "the caller went away"));
    const timer = setTimeout(() => giveUp(overloaded()), this.#waitMs);
    const looks = setInterval(() => this.#lend(), this.#lookEveryMs);
    callerGone?.addEventListener("abort", gone);
    this.#waiting.push(one);
    if (callerGone?.aborted === true) gone();
    return promise.finally(() => {
      clearTimeout(timer);
      clearInterval(looks);
      callerGone?.removeEventListener("abort", gone);
    });
  }

  /** Somebody waits: room that is not being filled is for them. */
  #lend(): void {
    for (const share of this.#arriving) share.lend();
  }

  #letGo(): void {
    for (let next = this.#waiting[0]; next && this.#takeNow(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.go();
    }
  }
}

/** One request's part. */
export class BodyShare {
  readonly #memory: BodyMemory;
  readonly #callerGone: AbortSignal | undefined;
  #heldBytes = 0;
  #released = false;
  /** Of a body that was announced, until it is here. */
  #announcedBytes = 0;
  #sinceMs = 0;
  #cameBytes = 0;

  constructor(memory: BodyMemory, callerGone: AbortSignal | undefined) {
    this.#memory = memory;
    this.#callerGone = callerGone;
  }

  /** By so much it could grow if there were no other request. */
  get roomBytes(): number {
    return this.#memory.limitBytes - this.#heldBytes;
  }

  /**
   * To be called before memory is taken. `undefined` when there is room at once.
   * @throws AppError `too_large` for more than there is altogether; `overloaded` when no room came free in time;
   *   `cancelled` when the caller went away meanwhile.
   */
  grow(bytes: number): Promise<void> | undefined {
    if (bytes > this.roomBytes) throw largerThanMemory(this.#memory.limitBytes);
    const waiting = this.#memory.take(bytes, this.#callerGone);
    if (waiting !== undefined) return waiting.then(() => this.#taken(bytes));
    this.#taken(bytes);
    return undefined;
  }

  /** Room for a body that is to arrive, before any of it is read. Gives and throws as {@link BodyShare.grow}. */
  expect(bytes: number): Promise<void> | undefined {
    const room = this.grow(bytes);
    if (room !== undefined) return room.then(() => this.#begin(bytes));
    this.#begin(bytes);
    return undefined;
  }

  /** So much of the body came: it takes room unless it has it already. Gives and throws as {@link BodyShare.grow}. */
  came(bytes: number): Promise<void> | undefined {
    this.#cameBytes += bytes;
    const missing = this.#cameBytes - this.#heldBytes;
    return missing > 0 ? this.grow(missing) : undefined;
  }

  /** The body is here. */
  arrived(): void {
    this.#memory.arrived(this);
  }

  /** Gives back what was announced and does not come at the pace that it should. */
  lend(): void {
    const elapsedMs = this.#memory.nowMs() - this.#sinceMs - FIRST_LOOK_MS;
    const unused = this.#heldBytes - this.#cameBytes;
    if (unused <= 0 || this.#cameBytes >= (this.#announcedBytes * elapsedMs) / ARRIVES_WITHIN_MS) return;
    this.shrink(unused);
  }

  #begin(bytes: number): void {
    if (this.#released) return;
    this.#announcedBytes = bytes;
    this.#sinceMs = this.#memory.nowMs();
    this.#memory.begun(this);
  }

  shrink(bytes: number): void {
    const less = Math.min(bytes, this.#heldBytes);
    this.#heldBytes -= less;
    this.#memory.giveBack(less);
  }

  /** Gives all of it back; to be called when the request has ended, whatever came of it. */
  release(): void {
    this.#released = true;
    this.arrived();
    this.shrink(this.#heldBytes);
  }

  #taken(bytes: number): void {
    this.#heldBytes += bytes;
    // It was given up while it waited.
    if (this.#released) this.release();
  }
}

/** A body that this process could never keep. */
export function largerThanMemory(limitBytes: number): AppError {
  return new AppError(
    "too_large",
    `the request body is larger than the ${limitBytes} bytes that this gateway has for all bodies together`,
    {
      hint: "send less at once, or let its owner raise the limit: ownkey config set bodyMemoryMb",
      details: { limitBytes },
    },
  );
}

function overloaded(): AppError {
  return new AppError("overloaded", "this gateway has as many large requests under way as it can keep", {
    hint: "try again shortly",
    retryable: true,
    details: { retryAfterMs: RETRY_AFTER_MS },
  });
}
