import type { Migration } from "./migration.ts";

/**
 * Budgets of src/budgets. The MAC covers all of a row of `budgets`. What was spent is kept by period; what gateways
 * hold stands in `budget_grants` until it is accounted for, and counts in full until then. `budget_state` is one row:
 * which life of the store this is, the latest time seen, the next grant's number, and how often budgets changed.
 */
export const budgets: Migration = {
  version: 8,
  name: "budgets",
  statements: [
    `CREATE TABLE budgets (
      id TEXT PRIMARY KEY,
      subject TEXT NOT NULL,
      name TEXT NOT NULL,
      limit_nanos BIGINT NOT NULL,
      unit TEXT NOT NULL,
      time_zone TEXT NOT NULL,
      reset_day BIGINT NOT NULL,
      hard BIGINT NOT NULL,
      allow TEXT NOT NULL,
      generation BIGINT NOT NULL,
      lineage TEXT NOT NULL,
      created_at_ms BIGINT NOT NULL,
      set_at_ms BIGINT NOT NULL,
      mac BLOB NOT NULL
    )`,
    "CREATE UNIQUE INDEX budgets_by_subject ON budgets (subject, unit)",
    `CREATE TABLE budget_periods (
      budget_id TEXT NOT NULL,
      period TEXT NOT NULL,
      start_ms BIGINT NOT NULL,
      settled_nanos BIGINT NOT NULL,
      contested_until_ms BIGINT NOT NULL,
      PRIMARY KEY (budget_id, period)
    )`,
    `CREATE TABLE budget_grants (
      id BIGINT PRIMARY KEY,
      budget_id TEXT NOT NULL,
      period TEXT NOT NULL,
      lineage TEXT NOT NULL,
      node_id TEXT NOT NULL,
      incarnation BIGINT NOT NULL,
      amount_nanos BIGINT NOT NULL,
      spent_nanos BIGINT NOT NULL,
      ledger_row BIGINT NOT NULL,
      granted_at_ms BIGINT NOT NULL,
      not_after_ms BIGINT NOT NULL,
      recalled BIGINT NOT NULL
    )`,
    "CREATE INDEX budget_grants_by_period ON budget_grants (budget_id, period)",
    "CREATE INDEX budget_grants_by_node ON budget_grants (node_id)",
    `CREATE TABLE budget_nodes (
      id TEXT PRIMARY KEY,
      incarnation BIGINT NOT NULL,
      sequence BIGINT NOT NULL,
      place TEXT NOT NULL,
      seen_at_ms BIGINT NOT NULL
    )`,
    `CREATE TABLE budget_state (
      id BIGINT PRIMARY KEY CHECK (id = 1),
      lineage TEXT NOT NULL,
      lineage_since_ms BIGINT NOT NULL,
      origin TEXT NOT NULL,
      high_water_ms BIGINT NOT NULL,
      next_grant BIGINT NOT NULL,
      definitions BIGINT NOT NULL
    )`,
    `CREATE TABLE budget_suspensions (
      connection_id TEXT NOT NULL,
      model TEXT NOT NULL,
      since_ms BIGINT NOT NULL,
      reserved_nanos BIGINT NOT NULL,
      cost_nanos BIGINT NOT NULL,
      PRIMARY KEY (connection_id, model)
    )`,
  ],
};
