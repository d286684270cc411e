import type { Migration } from "./migration.ts";

/**
 * Rate limits of src/budgets/rates. `rate_limits` are people's rules and carry a row MAC. The others are what gateways
 * tell each other and their next run, and decide nothing beyond a day: who serves (`rate_nodes`), how much of a limit
 * each may use (`rate_shares`), what each has counted (`rate_counts`), and what providers said last (`rate_seen`).
 */
export const rates: Migration = {
  version: 9,
  name: "rates",
  statements: [
    // The keys used last are read at the start of a gateway, and only those.
    "CREATE INDEX virtual_keys_by_last_use ON virtual_keys (last_used_at_ms, id)",
    `CREATE TABLE rate_limits (
      id TEXT PRIMARY KEY,
      subject TEXT NOT NULL,
      limits TEXT NOT NULL,
      created_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL
    )`,
    "CREATE UNIQUE INDEX rate_limits_by_subject ON rate_limits (subject)",
    // The number counts who came: whoever serves notes up to which number it has seen the others.
    `CREATE TABLE rate_nodes (
      node TEXT PRIMARY KEY,
      number BIGINT NOT NULL,
      seen BIGINT NOT NULL,
      until_ms BIGINT NOT NULL
    )`,
    // Everybody locks this row to change anything of it.
    "INSERT INTO rate_nodes (node, number, seen, until_ms) VALUES ('', 0, 0, 0)",
    `CREATE TABLE rate_shares (
      counter TEXT NOT NULL,
      node TEXT NOT NULL,
      share BIGINT NOT NULL,
      wanted BIGINT NOT NULL,
      free_at_ms BIGINT NOT NULL,
      PRIMARY KEY (counter, node)
    )`,
    "CREATE INDEX rate_shares_by_node ON rate_shares (node)",
    `CREATE TABLE rate_counts (
      node TEXT NOT NULL,
      counter TEXT NOT NULL,
      counts TEXT NOT NULL,
      until_ms BIGINT NOT NULL,
      PRIMARY KEY (node, counter)
    )`,
    `CREATE TABLE rate_seen (
      key_id TEXT PRIMARY KEY,
      seen TEXT NOT NULL
    )`,
  ],
};
