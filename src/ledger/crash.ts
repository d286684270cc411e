import type { Database } from "bun:sqlite";

/**
 * Settles every attempt that its process did not live to settle: at its full reservation, marked as estimated, since
 * nobody knows how much of it the provider has billed. Only for a ledger without a living writer. Gives their number;
 * running it again finds none. Their duration is unknown and recorded as 0.
 */
export function settleLeftOpen(database: Database, nowMs: number): number {
  return database
    .query(
      `UPDATE attempts
          SET ended_at = ?, end = 'crash', usage_known = 0, usage_clamped = 0,
              cost_nanos = reserved_nanos, estimated = 1, bytes_out = 0, duration_ms = 0
        WHERE ended_at IS NULL`,
    )
    .run(Math.trunc(nowMs)).changes;
}
