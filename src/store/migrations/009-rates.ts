import type { Migration } from "./migration.ts";

/**
 * Rate limits of src/budgets/rates. `rate_limits` are people's rules and carry a row MAC; the other two are what
 * gateways tell each other and their next run, and decide nothing beyond a day.
 */
export const rates: Migration = {
  version: 9,
  name: "rates",
  statements: [
    // The keys used last are read at the start of a gateway, and only those.
    "CREATE INDEX virtual_keys_by_last_use ON virtual_keys (last_used_at_ms, id)",
    `CREATE TABLE rate_limits (
      id TEXT PRIMARY KEY,
      subject_kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      limits TEXT NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL
    )`,
    "CREATE UNIQUE INDEX rate_limits_by_subject ON rate_limits (subject_kind, subject)",
    // What a gateway had counted when it was last written, for its next run.
    `CREATE TABLE rate_counts (
      node TEXT NOT NULL,
      counter TEXT NOT NULL,
      counts TEXT NOT NULL,
      until_ms BIGINT NOT NULL,
      PRIMARY KEY (node, counter)
    )`,
    "CREATE TABLE rate_pools (counter TEXT PRIMARY KEY)",
    // How much of a limit each of several gateways may use.
    `CREATE TABLE rate_shares (
      counter TEXT NOT NULL,
      node TEXT NOT NULL,
      share BIGINT NOT NULL,
      wanted BIGINT NOT NULL,
      until_ms BIGINT NOT NULL,
      PRIMARY KEY (counter, node)
    )`,
    "CREATE INDEX rate_shares_by_node ON rate_shares (node)",
  ],
};
