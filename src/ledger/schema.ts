/**
 * The ledger's file format: one table, one row per attempt. A row is inserted as reserved (`ended_at` is null) and
 * updated once, when it is settled. Money is in nano-dollars, times in milliseconds since 1970 UTC, tokens as
 * integers; null always means "not known", never 0.
 */
export interface LedgerMigration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** Steps are never edited once released; a new one is added. The file's `user_version` says how many have run. */
export const LEDGER_MIGRATIONS: readonly LedgerMigration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        request_id TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        virtual_key_id TEXT NOT NULL,
        connection_id TEXT NOT NULL,
        provider_key_id TEXT NOT NULL,
        tool TEXT,
        user TEXT,
        team TEXT,
        project TEXT,
        provider TEXT NOT NULL,
        dialect TEXT NOT NULL,
        route TEXT NOT NULL,
        stream INTEGER NOT NULL,
        model_requested TEXT,
        bytes_in INTEGER NOT NULL,
        body_hash BLOB,
        reserved_nanos INTEGER,
        price_version TEXT,
        ended_at INTEGER,
        end TEXT,
        status INTEGER,
        verdict TEXT,
        usage_known INTEGER,
        input_uncached INTEGER,
        cache_read INTEGER,
        cache_write_5m INTEGER,
        cache_write_1h INTEGER,
        output INTEGER,
        output_reasoning INTEGER,
        audio_in INTEGER,
        audio_out INTEGER,
        tool_calls INTEGER,
        usage_clamped INTEGER,
        model_answered TEXT,
        service_tier TEXT,
        geo TEXT,
        cost_nanos INTEGER,
        estimated INTEGER,
        bytes_out INTEGER,
        first_byte_ms INTEGER,
        duration_ms INTEGER
      ) STRICT`,
      // Reports walk a time range; ids make the order total.
      `CREATE INDEX attempts_started ON attempts (started_at, id)`,
      // Lists and look-ups: request ids sort by time. Unique: nothing is ever recorded twice.
      `CREATE UNIQUE INDEX attempts_request ON attempts (request_id, attempt)`,
      // What a crash left open is found without reading the rest.
      `CREATE INDEX attempts_reserved ON attempts (id) WHERE ended_at IS NULL`,
    ],
  },
];

export const LEDGER_VERSION = LEDGER_MIGRATIONS.length;
