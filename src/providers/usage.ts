import type { Usage } from "../kernel/index.ts";

/**
 * What one piece of an answer says about usage. In streams later readings overwrite earlier ones, field by field:
 * {@link mergeReading} does that.
 */
export interface UsageReading {
  readonly usage?: Partial<Usage>;
  /**
   * All cache writes, where a piece gives only their sum (Anthropic's `message_delta`): what exceeds the parts known
   * so far counts as 5-minute writes.
   */
  readonly cacheWriteTotal?: number;
  /** `usage` holds all figures there are so far: what earlier pieces told besides does not count any more. */
  readonly replaces?: true;
  /** Nothing is said of the output, as of what is zero: none was written, unless an earlier piece told of some. */
  readonly outputLeftOut?: true;
  readonly modelAnswered?: string;
  readonly serviceTier?: string;
  readonly geo?: string;
  /** The answer's own end mark was seen: what was read is final. */
  readonly final?: boolean;
}

/** The later reading on top of the earlier one. */
export function mergeReading(earlier: UsageReading, later: UsageReading): UsageReading {
  const { cacheWriteTotal: total, replaces, outputLeftOut, ...rest } = later;
  const { cacheWriteTotal: _, ...before } = earlier;
  const usage = replaces ? { ...later.usage } : { ...earlier.usage, ...later.usage };
  if (outputLeftOut) usage.output ??= 0;
  if (total !== undefined) {
    usage.cacheWrite5m = Math.max(total - (usage.cacheWrite1h ?? 0), 0);
    usage.cacheWrite1h ??= 0;
  }
  return Object.keys(usage).length === 0 ? { ...before, ...rest } : { ...before, ...rest, usage };
}
