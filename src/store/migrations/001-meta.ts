import type { Migration } from "./migration.ts";

/** Names and values about the database itself: `schema_version`, and `lineage`, an id made when it was created. */
export const meta: Migration = {
  version: 1,
  name: "meta",
  statements: ["CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)"],
};
