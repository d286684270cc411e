/** What an answer says about a key (contract: verdicts). */
export const VERDICTS = [
  "ok",
  "unreachable",
  "region_blocked",
  "quota_exhausted",
  "daily_quota",
  "overloaded",
  "rate_limited",
  "leaked",
  "key_kind_disabled",
  "scope_missing",
  "model_not_available",
  "wrong_endpoint",
  "invalid_key",
  "bad_request",
  "content_filtered",
  "unknown",
] as const;
export type VerdictName = (typeof VERDICTS)[number];

export interface Verdict {
  readonly name: VerdictName;
  /** Ours: what it means and what to do, one or two sentences. */
  readonly explanation: string;
  /** The provider's own words, not yet masked; the caller masks with the key at hand. */
  readonly providerText?: string;
  readonly retryable: boolean;
  /** As told by the provider. */
  readonly retryAfterMs?: number;
  /** Link that helps next (console page). */
  readonly link?: string;
}
