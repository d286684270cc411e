export * from "./columns.ts";
export { storeLineage } from "./migrate.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./sqlite/store.ts";
export * from "./store.ts";
