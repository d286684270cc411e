import type { Migration } from "./migration.ts";

/**
 * Each budget a second time, written and removed with it: a row that was taken away, or put back as it was before,
 * does not match its copy.
 */
export const budgetCopies: Migration = {
  version: 14,
  name: "budget-copies",
  statements: [
    `CREATE TABLE budget_copies (
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
    "CREATE INDEX budget_copies_by_subject ON budget_copies (subject, unit)",
    "INSERT INTO budget_copies SELECT * FROM budgets",
  ],
};
