import type { Migration } from "./migration.ts";

/** Virtual keys of src/access; `state` and `last_used_at_ms` stand outside the row MAC, all else inside. */
export const access: Migration = {
  version: 4,
  name: "access",
  statements: [
    `CREATE TABLE virtual_keys (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      hint TEXT NOT NULL,
      token_hash BLOB NOT NULL UNIQUE,
      previous_hash BLOB,
      previous_until_ms BIGINT,
      generation BIGINT NOT NULL,
      created_at_ms BIGINT NOT NULL,
      expires_at_ms BIGINT,
      policy TEXT NOT NULL,
      mac BLOB NOT NULL,
      state TEXT NOT NULL,
      last_used_at_ms BIGINT
    )`,
    // A revoked key keeps its row for the reports, and its name is free again.
    "CREATE UNIQUE INDEX virtual_keys_by_name ON virtual_keys (name) WHERE state <> 'revoked'",
    "CREATE INDEX virtual_keys_by_previous_hash ON virtual_keys (previous_hash)",
  ],
};
