import type { Migration } from "./migration.ts";

/** The Merkle log of src/audit; its head row is made by the first append. */
export const audit: Migration = {
  version: 2,
  name: "audit",
  statements: [
    `CREATE TABLE audit_head (
      id BIGINT PRIMARY KEY CHECK (id = 1),
      size BIGINT NOT NULL,
      root BLOB NOT NULL,
      subtrees BLOB NOT NULL,
      protected_sum BLOB NOT NULL
    )`,
    `CREATE TABLE audit_entries (
      idx BIGINT PRIMARY KEY,
      at_ms BIGINT NOT NULL,
      caller TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT,
      outcome TEXT NOT NULL,
      body BLOB NOT NULL,
      leaf BLOB NOT NULL
    )`,
    `CREATE TABLE audit_nodes (
      level BIGINT NOT NULL,
      position BIGINT NOT NULL,
      hash BLOB NOT NULL,
      PRIMARY KEY (level, position)
    )`,
    `CREATE TABLE audit_checkpoints (
      size BIGINT PRIMARY KEY,
      at_ms BIGINT NOT NULL,
      root BLOB NOT NULL,
      key_id BLOB NOT NULL,
      signature BLOB NOT NULL
    )`,
  ],
};
