import type { Migration } from "./migration.ts";

/**
 * The vault. `mac` is a keyed MAC over the row's other columns, except those that it covers through a hash
 * (`sealed_sha256`) and `secrets.state`, which must be changeable while the vault is locked.
 * Formats of `sealed` and `wrapped`: src/vault/envelope.ts.
 */
export const vault: Migration = {
  version: 3,
  name: "vault",
  statements: [
    `CREATE TABLE vault (
      singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
      id TEXT NOT NULL,
      generation BIGINT NOT NULL,
      root_generation BIGINT NOT NULL,
      sealed_root BLOB NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL
    )`,
    `CREATE TABLE vault_slots (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      generation BIGINT NOT NULL,
      parameters TEXT NOT NULL,
      public_key BLOB NOT NULL,
      wrapped BLOB NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL
    )`,
    // Slots taken away whose key file or keychain item is still to be deleted.
    "CREATE TABLE vault_removed_slots (id TEXT PRIMARY KEY, kind TEXT NOT NULL)",
    `CREATE TABLE vault_collection_keys (
      collection TEXT NOT NULL,
      generation BIGINT NOT NULL,
      state TEXT NOT NULL,
      vault_generation BIGINT NOT NULL,
      wrapped BLOB NOT NULL,
      mac BLOB NOT NULL,
      PRIMARY KEY (collection, generation)
    )`,
    `CREATE TABLE secrets (
      id TEXT PRIMARY KEY,
      collection TEXT NOT NULL,
      connection TEXT NOT NULL,
      active_version BIGINT,
      created_at_ms BIGINT NOT NULL,
      state TEXT NOT NULL,
      mac BLOB NOT NULL
    )`,
    `CREATE TABLE secret_versions (
      secret_id TEXT NOT NULL,
      version BIGINT NOT NULL,
      collection TEXT NOT NULL,
      key_generation BIGINT NOT NULL,
      sealed BLOB,
      sealed_sha256 BLOB NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL,
      PRIMARY KEY (secret_id, version)
    )`,
    `CREATE INDEX secret_versions_by_key ON secret_versions (collection, key_generation)`,
    `CREATE TABLE vault_blobs (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      key_generation BIGINT NOT NULL,
      sealed BLOB NOT NULL,
      sealed_sha256 BLOB NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL
    )`,
    `CREATE INDEX vault_blobs_by_key ON vault_blobs (key_generation)`,
  ],
};
