import { existsSync } from "node:fs";
import { hasPostgresStore, openPostgresStore, type PostgresStoreOptions } from "./postgres/store.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite/store.ts";
import type { Store } from "./store.ts";

export interface OpenStoreOptions extends SqliteStoreOptions, Omit<PostgresStoreOptions, "url" | "log"> {
  /** A PostgreSQL database to be used instead of the SQLite file. */
  databaseUrl?: string | undefined;
  log: PostgresStoreOptions["log"];
}

/** Opens the control store that the configuration names: PostgreSQL when there is a URL, else the SQLite file. */
export function openStore({ databaseUrl, ...options }: OpenStoreOptions): Promise<Store> {
  return databaseUrl === undefined
    ? openSqliteStore(options)
    : openPostgresStore({ ...options, url: databaseUrl });
}

/** Whether there is such a store, of whatever version. Makes none. @throws AppError `store_unavailable`. */
export async function hasStore({
  databaseUrl,
  ...options
}: Omit<OpenStoreOptions, "mode">): Promise<boolean> {
  return databaseUrl === undefined
    ? existsSync(options.path)
    : await hasPostgresStore({ ...options, url: databaseUrl });
}
