/**
 * The normal form of metering: non-negative integers; `null` = the provider did not say.
 * Total input = uncached + cache read + both cache writes; billed output = `output` (reasoning is a part of it).
 */
export interface Usage {
  readonly inputUncached: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite5m: number | null;
  readonly cacheWrite1h: number | null;
  readonly output: number | null;
  readonly outputReasoning: number | null;
  readonly audioIn: number | null;
  readonly audioOut: number | null;
  /** Billed server-side tool uses (web searches). */
  readonly toolCalls: number | null;
  /** The provider's figures are not to be believed: they contradict each other, or are no counts. */
  readonly clamped?: boolean;
}

export const UNKNOWN_USAGE: Usage = {
  inputUncached: null,
  cacheRead: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  output: null,
  outputReasoning: null,
  audioIn: null,
  audioOut: null,
  toolCalls: null,
};
