import type { Database } from "bun:sqlite";

/**
 * Settles every attempt that its process did not live to settle: at its full reservation, marked as estimated, since
 * nobody knows how much of it the provider has billed. Only for a ledger without a living writer. Gives their number;
 * running it again finds none. Their duration is unknown and recorded as 0.
 */
export function settleLeftOpen(database: Database, nowMs: number): number {
  return database
    .transaction(() => {
      const isOpen =
        database.query("SELECT 1 FROM attempt_rows WHERE ended_at IS NULL LIMIT 1").get() !== null;
      if (!isOpen) return 0;
      const outcome = database
        .query("INSERT INTO outcomes (end, usage_known, usage_clamped, estimated) VALUES ('crash', 0, 0, 1)")
        .run().lastInsertRowid;
      return database
        .query(
          `UPDATE attempt_rows
              SET ended_at = ?, outcome = ?, cost_nanos = reserved_nanos, bytes_out = 0, duration_ms = 0
            WHERE ended_at IS NULL`,
        )
        .run(Math.trunc(nowMs), outcome).changes;
    })
    .immediate();
}
