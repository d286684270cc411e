import type { Migration } from "./migration.ts";

/**
 * Alerts of src/notify. A row of `notify_events` says that something happened; its mark is unique, so that each is
 * told once however many processes see it. Deliveries wait here until they are done, and survive a restart.
 * `virtual_key_addresses` are the addresses that a virtual key was used from.
 */
export const notify: Migration = {
  version: 11,
  name: "notify",
  statements: [
    `CREATE TABLE notify_events (
      id TEXT PRIMARY KEY,
      mark TEXT NOT NULL,
      type TEXT NOT NULL,
      at_ms BIGINT NOT NULL,
      message TEXT NOT NULL,
      data TEXT NOT NULL,
      keep_until_ms BIGINT
    )`,
    "CREATE UNIQUE INDEX notify_events_by_mark ON notify_events (mark)",
    `CREATE TABLE notify_deliveries (
      event_id TEXT NOT NULL REFERENCES notify_events (id),
      channel TEXT NOT NULL,
      state TEXT NOT NULL,
      attempts BIGINT NOT NULL,
      next_ms BIGINT NOT NULL,
      leased_until_ms BIGINT NOT NULL,
      problem TEXT,
      PRIMARY KEY (event_id, channel)
    )`,
    "CREATE INDEX notify_deliveries_waiting ON notify_deliveries (next_ms) WHERE state = 'waiting'",
    `CREATE TABLE virtual_key_addresses (
      virtual_key_id TEXT NOT NULL,
      address TEXT NOT NULL,
      first_ms BIGINT NOT NULL,
      PRIMARY KEY (virtual_key_id, address)
    )`,
  ],
};
