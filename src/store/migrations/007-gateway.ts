import type { Migration } from "./migration.ts";

/** Which virtual key made which object at a provider (src/gateway). Ids only: no content, no secret. */
export const gateway: Migration = {
  version: 7,
  name: "gateway",
  statements: [
    `CREATE TABLE stored_objects (
      connection_id TEXT NOT NULL,
      object_id TEXT NOT NULL,
      virtual_key_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      created_at_ms BIGINT NOT NULL,
      PRIMARY KEY (connection_id, object_id)
    )`,
    "CREATE INDEX stored_objects_by_time ON stored_objects (created_at_ms)",
  ],
};
