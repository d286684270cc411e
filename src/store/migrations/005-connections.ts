import type { Migration } from "./migration.ts";

/**
 * Connections and what people know of provider keys (src/connections); the values are in the vault under the same
 * ids, and so are their states. The MAC covers everything but `removed`, verdict and last use. Removed rows stay for
 * the reports, and their names are free again.
 */
export const connections: Migration = {
  version: 5,
  name: "connections",
  statements: [
    `CREATE TABLE connections (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      provider TEXT NOT NULL,
      preset TEXT,
      settings TEXT NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL,
      removed BIGINT NOT NULL
    )`,
    "CREATE UNIQUE INDEX connections_by_name ON connections (name) WHERE removed = 0",
    `CREATE TABLE provider_keys (
      id TEXT PRIMARY KEY,
      connection_id TEXT NOT NULL REFERENCES connections (id),
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      class TEXT,
      owner TEXT,
      purpose TEXT,
      created_at_ms BIGINT NOT NULL,
      rotated_at_ms BIGINT,
      expires_at_ms BIGINT,
      mac BLOB NOT NULL,
      removed BIGINT NOT NULL,
      verdict TEXT NOT NULL,
      verdict_at_ms BIGINT,
      last_used_at_ms BIGINT
    )`,
    "CREATE UNIQUE INDEX provider_keys_by_name ON provider_keys (connection_id, name) WHERE removed = 0",
  ],
};
