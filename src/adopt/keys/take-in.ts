import type { Secret } from "../../kernel/index.ts";
import type { ConnectionSettings, Provider, VerdictName } from "../../providers/index.ts";

/** What has to be known of a key before it may be stored. */
export interface KeyIntake {
  readonly provider: Provider;
  readonly settings: ConnectionSettings;
  readonly value: Secret;
  readonly kind: "inference" | "admin";
  /** Ask the provider. */
  readonly test: boolean;
  /** Take it whatever the answer. */
  readonly keep: boolean;
}

export interface TakenKey {
  /** Without what was written around it. */
  readonly value: Secret;
  /** `untested` when nobody was asked, or nobody answered. */
  readonly verdict: VerdictName | "untested";
  readonly warnings: readonly string[];
}

/**
 * The checks that every key goes through, wherever it comes from; whoever builds the program gives them.
 * @throws AppError `key_refused` when it is clearly no such key, or its provider says so.
 */
export type TakeIn = (intake: KeyIntake) => Promise<TakenKey>;
