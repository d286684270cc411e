import type { Usage } from "../kernel/index.ts";

/** What is known before a byte goes upstream. */
export interface ReservedAttempt {
  readonly requestId: string;
  /** 1 for the first; each retry is an attempt of its own. */
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly virtualKeyId: string;
  readonly connectionId: string;
  readonly providerKeyId: string;
  readonly tool: string | null;
  readonly user: string | null;
  readonly team: string | null;
  readonly project: string | null;
  readonly provider: string;
  readonly dialect: string;
  readonly route: string;
  readonly stream: boolean;
  readonly modelRequested: string | null;
  readonly bytesIn: number;
  /** Keyed hash of the canonical body, 16 bytes. */
  readonly bodyHash: Uint8Array | null;
  /** Upper bound of the cost; null = unpriced. */
  readonly reservedNanos: bigint | null;
  readonly priceVersion: string | null;
  /** Numbers of the budgets' slices that it is paid from. */
  readonly grants: readonly number[];
}

export type AttemptEnd =
  | "complete"
  | "client_gone"
  | "upstream_cut"
  | "time_limit"
  /** A soft budget ended while the answer came. */
  | "budget_ended"
  | "refused"
  | "unreachable"
  | "crash";

/** What is known when the attempt has ended, one way or another. */
export interface SettledAttempt {
  readonly endedAtMs: number;
  readonly end: AttemptEnd;
  readonly status: number | null;
  readonly verdict: string | null;
  readonly usage: Usage | null;
  readonly modelAnswered: string | null;
  readonly serviceTier: string | null;
  readonly geo: string | null;
  /** null = unpriced. For an attempt without final usage this is its full reservation. */
  readonly costNanos: bigint | null;
  readonly estimated: boolean;
  readonly bytesOut: number;
  readonly firstByteMs: number | null;
  readonly durationMs: number;
}

/** Handle of a reserved attempt. */
export type AttemptRef = number;

/**
 * The durable record of every request of one gateway process. Rows that come in together are written in one
 * transaction.
 */
export interface Ledger {
  /** Resolves when the row is durable against `kill -9`; only then may a byte go upstream. @throws `storage_full`. */
  reserve(attempt: ReservedAttempt): Promise<AttemptRef>;
  /** Resolves when written. Settling twice is refused. */
  settle(ref: AttemptRef, settled: SettledAttempt): Promise<unknown>;
  /** The attempt reserved last; `0` = none yet. */
  lastRef(): AttemptRef;
  /**
   * What attempts after that one have spent of each slice: costs of what is settled, reservations of what is not.
   * Reads what has been written.
   */
  chargedSince(ref: AttemptRef): ReadonlyMap<number, bigint>;
  close(): Promise<void>;
}
