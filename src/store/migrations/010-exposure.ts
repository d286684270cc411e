import type { Migration } from "./migration.ts";

/**
 * Where others could have read a key (src/connections): words apart by spaces, NULL when nothing is known. Like the
 * verdict it is no part of what the MAC covers: nobody gains a right by it.
 */
export const exposure: Migration = {
  version: 10,
  name: "exposure",
  statements: ["ALTER TABLE provider_keys ADD COLUMN exposed TEXT"],
};
