export * from "./columns.ts";
export { storeLineage } from "./migrate.ts";
export { type Migration, MIGRATIONS } from "./migrations/index.ts";
export { hasStore, openStore, type OpenStoreOptions } from "./open.ts";
export { openPostgresStore, type PostgresStoreOptions } from "./postgres/store.ts";
export { openMemoryStore, openSqliteStore, type SqliteStoreOptions } from "./sqlite/store.ts";
export * from "./store.ts";
