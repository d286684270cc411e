import { AppError, type Randomness, toHex } from "../kernel/index.ts";
import { intOf } from "./columns.ts";
import type { Migration } from "./migrations/index.ts";
import type { Queries, Store, Tx } from "./store.ts";

/** What differs between the engines. */
export interface SchemaDialect {
  /** A query that gives a row when the table `meta` exists. */
  readonly metaExists: string;
  /** Run first in the transaction, so that of several processes at once one migrates and the others wait. */
  readonly lock?: string;
}

/**
 * Brings the database to the newest schema, forward only, all missing steps in one transaction. Any number of
 * processes may call it at once. A database that is up to date is only read.
 * @throws AppError `newer_format` when a newer Ownkey has migrated the database.
 */
export async function migrate(
  store: Store,
  migrations: readonly Migration[],
  dialect: SchemaDialect,
  randomness: Randomness,
): Promise<void> {
  const newest = newestOf(migrations);
  if (refuseNewer(await schemaVersion(store, dialect), newest) === newest) return;
  await store.tx(async (tx) => {
    if (dialect.lock !== undefined) await tx.all(dialect.lock);
    const version = refuseNewer(await schemaVersion(tx, dialect), newest);
    for (const step of migrations) {
      if (step.version > version) for (const statement of step.statements) await tx.run(statement);
    }
    if (version === 0) await setMeta(tx, "lineage", toHex(randomness(16)));
    if (version < newest) await setMeta(tx, "schema_version", String(newest));
  });
}

/** The random id that the database got when it was created, 32 hex digits. It stays with copies and backups. */
export async function storeLineage(queries: Queries): Promise<string> {
  const row = await queries.get("SELECT value FROM meta WHERE name = 'lineage'");
  if (typeof row?.["value"] === "string") return row["value"];
  throw new AppError("corrupt", "the database does not say which one it is", {
    hint: "restore a backup with: ownkey backup restore FILE",
  });
}

/** 0 = nothing there yet. */
async function schemaVersion(queries: Queries, dialect: SchemaDialect): Promise<number> {
  if ((await queries.get(dialect.metaExists)) === undefined) return 0;
  const row = await queries.get(
    "SELECT CAST(value AS BIGINT) AS version FROM meta WHERE name = 'schema_version'",
  );
  return row === undefined ? 0 : intOf(row, "version");
}

function refuseNewer(version: number, newest: number): number {
  if (version <= newest) return version;
  throw new AppError(
    "newer_format",
    `the database has schema version ${version}; this Ownkey knows versions up to ${newest}`,
    {
      hint: `install an Ownkey that knows schema version ${version}: npm install -g ownkey@latest`,
      details: { found: version, supported: newest },
    },
  );
}

function newestOf(migrations: readonly Migration[]): number {
  let newest = 0;
  for (const { version, name } of migrations) {
    if (version <= newest) throw new AppError("internal", `migration ${version} (${name}) is out of order`);
    newest = version;
  }
  return newest;
}

async function setMeta(tx: Tx, name: string, value: string): Promise<void> {
  await tx.run(
    "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [name, value],
  );
}
