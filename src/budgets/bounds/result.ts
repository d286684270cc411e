import type { Edit } from "../../kernel/index.ts";

export type BoundResult = Bounded | Unbounded;

/** What a request can use at the most, once its output limit is set with {@link OutputBound.edit}. */
export interface Bounded {
  readonly kind: "bounded";
  /** All input tokens, those of sound among them. */
  readonly inputTokens: number;
  /** Of these, how many may be charged at the price of sound. */
  readonly audioInputTokens: number;
  /** The longest cache life that the request can be charged a write for. */
  readonly cacheWrites: CacheWrites;
  /** Tiers that the answer may turn out to have; the dearest of them counts. */
  readonly tiers: readonly string[];
  /** Places where it may be answered, as `tiers`. */
  readonly places: readonly string[];
  /** Output tokens that no limit covers. */
  readonly fixedOutputTokens: number;
  /** `null`: there are no other output tokens. */
  readonly output: OutputBound | null;
  /** Members that were let through by name, as {@link Unbounded.field} writes them. */
  readonly allowed: readonly string[];
}

export type CacheWrites = "none" | "5m" | "1h";

/** Why there is no bound: for the answer 400 `not_boundable`. */
export interface Unbounded {
  readonly kind: "unbounded";
  /** The member as its path without indexes, with the type where that decides: `tools.web_search`. */
  readonly field: string;
  /** A sentence that goes on from the field's name. */
  readonly why: string;
}

/** How the output is limited: L tokens for each answer, by the provider. */
export interface OutputBound {
  /** The client's own limit. */
  readonly clientLimit: number | null;
  /** What the model takes at the most. */
  readonly modelMaximum: number;
  /** Below it the provider refuses, or cannot do what else is asked. */
  readonly minimum: number;
  /** Answers, each of up to L tokens. */
  readonly choices: number;
  /** Sets the limit; `null` when the body says just that already. Offsets are those of the body that was bounded. */
  edit(limit: number): Edit | null;
}
