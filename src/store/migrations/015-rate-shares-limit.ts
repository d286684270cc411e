import type { Migration } from "./migration.ts";

/** Whoever asks for more of a limit says how high it takes it to be: others may not have heard of a change yet. */
export const rateSharesLimit: Migration = {
  version: 15,
  name: "rate-shares-limit",
  statements: ["ALTER TABLE rate_shares ADD COLUMN wanted_of BIGINT NOT NULL DEFAULT 0"],
};
