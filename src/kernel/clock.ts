/** Time as a seam: tests set it. */
export interface Clock {
  /** Milliseconds since 1970, UTC; may jump. */
  nowMs(): number;
  /** Milliseconds since some start; never goes back. For durations. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** RFC 3339 in UTC with milliseconds, as in every document Ownkey prints. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
