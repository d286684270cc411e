import type { SchemaDialect } from "../migrate.ts";

export const POSTGRES_SCHEMA: SchemaDialect = {
  metaExists: "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'",
  // Any number will do that no other program takes on this database: "ownkey" in ASCII.
  lock: "SELECT pg_advisory_xact_lock(122558744323449)",
};

const REMEMBERED = 1_000;

/** Turns the common SQL of store.ts into PostgreSQL's; remembers what it has seen. */
export function postgresDialect(): (sql: string) => string {
  const known = new Map<string, string>();
  return (sql) => {
    const seen = known.get(sql);
    if (seen !== undefined) return seen;
    const translated = translate(sql);
    if (known.size >= REMEMBERED) known.clear();
    known.set(sql, translated);
    return translated;
  };
}

function translate(sql: string): string {
  let placeholders = 0;
  return sql.replace(/\?|\bBLOB\b/gi, (word) => (word === "?" ? `$${++placeholders}` : "BYTEA"));
}
