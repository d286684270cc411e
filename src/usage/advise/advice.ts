export const ADVICE_KINDS = [
  "smaller_model",
  "oversized_context",
  "cache_misses",
  "repeated_bodies",
  "fixed_prefix",
] as const;
export type AdviceKind = (typeof ADVICE_KINDS)[number];

/** Requests of one virtual key, by one tool, through one connection, to one model. */
export interface AdviceGroup {
  readonly virtualKeyId: string;
  readonly tool: string | null;
  readonly connectionId: string;
  readonly model: string;
}

/** Something that costs money and perhaps need not. Sums of different advice overlap: they are never added up. */
export interface Advice {
  readonly kind: AdviceKind;
  readonly group: AdviceGroup;
  /** How many requests it is about. */
  readonly requests: number;
  /** What they would have cost less. */
  readonly savedNanos: bigint;
  /** What was found, in a sentence. */
  readonly found: string;
  /** How the sum was worked out, and what nobody can tell from it. */
  readonly how: string;
}
