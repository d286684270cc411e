import type { Migration } from "./migration.ts";

/**
 * What gateways of several machines have recorded, in one place (src/usage/shared); used with PostgreSQL only. A row is
 * an attempt that is settled: what reports tell apart in columns, the whole of it as JSON. The mark of a node moves in the
 * transaction that brings its rows, so that each attempt is in the sums once.
 */
export const sharedLedger: Migration = {
  version: 12,
  name: "shared-ledger",
  statements: [
    `CREATE TABLE ledger_nodes (
      id TEXT PRIMARY KEY,
      shipped_through BIGINT NOT NULL,
      at_ms BIGINT NOT NULL
    )`,
    // Under way when the mark passed them: they come when they have ended.
    `CREATE TABLE ledger_pending (
      node_id TEXT NOT NULL,
      row_id BIGINT NOT NULL,
      PRIMARY KEY (node_id, row_id)
    )`,
    `CREATE TABLE ledger_rows (
      node_id TEXT NOT NULL,
      row_id BIGINT NOT NULL,
      request_id TEXT NOT NULL,
      attempt BIGINT NOT NULL,
      started_at_ms BIGINT NOT NULL,
      group_key TEXT NOT NULL,
      virtual_key_id TEXT NOT NULL,
      connection_id TEXT NOT NULL,
      provider_key_id TEXT NOT NULL,
      tool TEXT,
      user_label TEXT,
      team TEXT,
      project TEXT,
      model TEXT,
      input BIGINT NOT NULL,
      cached BIGINT NOT NULL,
      output BIGINT NOT NULL,
      cost_nanos BIGINT,
      estimated BIGINT NOT NULL,
      document TEXT NOT NULL,
      PRIMARY KEY (node_id, row_id)
    )`,
    "CREATE INDEX ledger_rows_by_request ON ledger_rows (request_id, attempt)",
    "CREATE INDEX ledger_rows_by_start ON ledger_rows (started_at_ms)",
    // By UTC day; `group_key` is what the columns behind it say, as JSON, because NULL equals nothing.
    `CREATE TABLE ledger_sums (
      node_id TEXT NOT NULL,
      day BIGINT NOT NULL,
      group_key TEXT NOT NULL,
      virtual_key_id TEXT NOT NULL,
      connection_id TEXT NOT NULL,
      provider_key_id TEXT NOT NULL,
      tool TEXT,
      user_label TEXT,
      team TEXT,
      project TEXT,
      model TEXT,
      requests BIGINT NOT NULL,
      attempts BIGINT NOT NULL,
      input BIGINT NOT NULL,
      cached BIGINT NOT NULL,
      output BIGINT NOT NULL,
      cost_dollars BIGINT NOT NULL,
      cost_rest BIGINT NOT NULL,
      unpriced BIGINT NOT NULL,
      estimated BIGINT NOT NULL,
      PRIMARY KEY (day, group_key, node_id)
    )`,
  ],
};
