import type { Migration } from "./migration.ts";

/** Prices that the user has set, in nano-dollars per million tokens. `scope`: connection id, provider, preset or `*`. */
export const usage: Migration = {
  version: 6,
  name: "usage",
  statements: [
    `CREATE TABLE price_overrides (
      scope TEXT NOT NULL,
      model TEXT NOT NULL,
      input_nanos BIGINT NOT NULL,
      output_nanos BIGINT NOT NULL,
      cache_read_nanos BIGINT,
      cache_write_5m_nanos BIGINT,
      cache_write_1h_nanos BIGINT,
      set_at_ms BIGINT NOT NULL,
      PRIMARY KEY (scope, model)
    )`,
  ],
};
