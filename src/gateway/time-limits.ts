import type { Clock } from "../kernel/index.ts";

/** Something that must not take longer than its deadline, which it moves itself. */
export interface Limited {
  /** Monotonic time. */
  deadlineMs: number;
  expire(): void;
}

export interface TimeLimits {
  watch(limited: Limited): void;
  release(limited: Limited): void;
  close(): void;
}

/** A deadline is noticed at most this much late. */
const LOOK_EVERY_MS = 500;

/** One timer for all requests, and none while there are none: a timer per chunk would cost more than the chunk. */
export function createTimeLimits(clock: Clock): TimeLimits {
  const watched = new Set<Limited>();
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = () => {
    if (watched.size === 0) return stop();
    const nowMs = clock.monotonicMs();
    for (const limited of watched) if (limited.deadlineMs <= nowMs) limited.expire();
  };
  return {
    watch(limited) {
      watched.add(limited);
      timer ??= setInterval(look, LOOK_EVERY_MS).unref();
    },
    release: (limited) => void watched.delete(limited),
    close() {
      watched.clear();
      stop();
    },
  };
}
