/**
 * The ledger's file format: one row per attempt. A row is inserted as reserved (`ended_at` is null) and updated once,
 * when it is settled. What repeats from row to row (who, where to, how it ended) stands once in a table of its own and
 * is referred to: rows are a third as long, and so is what each request writes. The view `attempts` puts it together
 * again. Beside the rows stand their daily sums (see sums/), which stay when old rows go. Money is in nano-dollars, times in milliseconds since 1970 UTC, tokens as integers; null always means "not
 * known", never 0.
 */
export interface LedgerMigration {
  readonly version: number;
  readonly statements: readonly string[];
}

const CONTEXT_1 =
  "virtual_key_id, connection_id, provider_key_id, tool, user, team, project, provider, dialect, route, stream, model_requested, price_version";
const CONTEXT_3 = `${CONTEXT_1}, grants`;
const OUTCOME_1 =
  "end, status, verdict, usage_known, usage_clamped, model_answered, service_tier, geo, estimated";
const ROW_1 =
  "id, request_id, attempt, started_at, bytes_in, body_hash, reserved_nanos, ended_at, input_uncached, cache_read, cache_write_5m, cache_write_1h, output, output_reasoning, audio_in, audio_out, tool_calls, cost_nanos, bytes_out, first_byte_ms, duration_ms";

/** `t.a, t.b` */
function qualified(table: string, columns: string): string {
  return columns
    .split(", ")
    .map((column) => `${table}.${column} AS ${column}`)
    .join(", ");
}

/** The columns are the same in both, unknown ones included. */
function same(table: string, columns: string): string {
  return columns
    .split(", ")
    .map((column) => `${table}.${column} IS attempts_1.${column}`)
    .join(" AND ");
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
  {
    version: 2,
    statements: [
      `ALTER TABLE attempts RENAME TO attempts_1`,
      `DROP INDEX attempts_started`,
      `DROP INDEX attempts_request`,
      `DROP INDEX attempts_reserved`,
      `CREATE TABLE contexts (
        id INTEGER PRIMARY KEY,
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
        price_version TEXT
      ) STRICT`,
      `CREATE TABLE outcomes (
        id INTEGER PRIMARY KEY,
        end TEXT NOT NULL,
        status INTEGER,
        verdict TEXT,
        usage_known INTEGER NOT NULL,
        usage_clamped INTEGER NOT NULL,
        model_answered TEXT,
        service_tier TEXT,
        geo TEXT,
        estimated INTEGER NOT NULL
      ) STRICT`,
      `CREATE TABLE attempt_rows (
        id INTEGER PRIMARY KEY,
        request_id TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        context INTEGER NOT NULL,
        bytes_in INTEGER NOT NULL,
        body_hash BLOB,
        reserved_nanos INTEGER,
        ended_at INTEGER,
        outcome INTEGER,
        input_uncached INTEGER,
        cache_read INTEGER,
        cache_write_5m INTEGER,
        cache_write_1h INTEGER,
        output INTEGER,
        output_reasoning INTEGER,
        audio_in INTEGER,
        audio_out INTEGER,
        tool_calls INTEGER,
        cost_nanos INTEGER,
        bytes_out INTEGER,
        first_byte_ms INTEGER,
        duration_ms INTEGER
      ) STRICT`,
      `INSERT INTO contexts (${CONTEXT_1}) SELECT DISTINCT ${CONTEXT_1} FROM attempts_1`,
      `INSERT INTO outcomes (${OUTCOME_1}) SELECT DISTINCT ${OUTCOME_1} FROM attempts_1 WHERE ended_at IS NOT NULL`,
      `INSERT INTO attempt_rows (${ROW_1}, context, outcome)
        SELECT ${ROW_1},
          (SELECT id FROM contexts c WHERE ${same("c", CONTEXT_1)}),
          (SELECT id FROM outcomes o WHERE ended_at IS NOT NULL AND ${same("o", OUTCOME_1)})
        FROM attempts_1`,
      `DROP TABLE attempts_1`,
      // Reports walk a time range; ids make the order total.
      `CREATE INDEX attempts_started ON attempt_rows (started_at, id)`,
      // Lists and look-ups: request ids sort by time. Unique: nothing is ever recorded twice.
      `CREATE UNIQUE INDEX attempts_request ON attempt_rows (request_id, attempt)`,
      // What a crash left open is found without reading the rest.
      `CREATE INDEX attempts_reserved ON attempt_rows (id) WHERE ended_at IS NULL`,
      `CREATE VIEW attempts AS
        SELECT ${qualified("r", ROW_1)}, ${qualified("c", CONTEXT_1)}, ${qualified("o", OUTCOME_1)}
        FROM attempt_rows r JOIN contexts c ON c.id = r.context LEFT JOIN outcomes o ON o.id = r.outcome`,
    ],
  },
  {
    version: 3,
    statements: [
      // Numbers of the slices that pay, apart by spaces. They change every few minutes at the most.
      `ALTER TABLE contexts ADD COLUMN grants TEXT`,
      `DROP VIEW attempts`,
      `CREATE VIEW attempts AS
        SELECT ${qualified("r", ROW_1)}, ${qualified("c", CONTEXT_3)}, ${qualified("o", OUTCOME_1)}
        FROM attempt_rows r JOIN contexts c ON c.id = r.context LEFT JOIN outcomes o ON o.id = r.outcome`,
    ],
  },
  {
    version: 4,
    statements: [
      // What a report can tell apart besides the day. `name`: the values as JSON, because NULL equals nothing.
      `CREATE TABLE sum_groups (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        virtual_key_id TEXT NOT NULL,
        connection_id TEXT NOT NULL,
        provider_key_id TEXT NOT NULL,
        tool TEXT,
        user TEXT,
        team TEXT,
        project TEXT,
        model TEXT
      ) STRICT`,
      // By the number of the UTC day since 1970; `monthly_sums` are the sums of those, by a month's first day.
      ...["daily_sums", "monthly_sums"].map(
        (table) => `CREATE TABLE ${table} (
        day INTEGER NOT NULL,
        group_id INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        input INTEGER NOT NULL,
        cached INTEGER NOT NULL,
        output INTEGER NOT NULL,
        cost_dollars INTEGER NOT NULL,
        cost_rest INTEGER NOT NULL,
        unpriced INTEGER NOT NULL,
        estimated INTEGER NOT NULL,
        PRIMARY KEY (day, group_id)
      ) STRICT, WITHOUT ROWID`,
      ),
      // Rows up to the mark stand in the sums, but for these: they were under way when the mark passed them.
      `CREATE TABLE unsummed (id INTEGER PRIMARY KEY) STRICT`,
      // Before the day of `raw_from` there are sums only.
      `CREATE TABLE sum_mark (
        singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
        summed_through INTEGER NOT NULL,
        raw_from INTEGER NOT NULL
      ) STRICT`,
      `INSERT INTO sum_mark VALUES (1, 0, 0)`,
    ],
  },
  {
    version: 5,
    statements: [
      // Under which name this ledger's rows go to a shared store, and where the file lay then: a copy takes another.
      `CREATE TABLE shipping (
        singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
        node_id TEXT NOT NULL,
        place TEXT NOT NULL,
        start_after INTEGER NOT NULL
      ) STRICT`,
    ],
  },
];

export const LEDGER_VERSION = LEDGER_MIGRATIONS.length;
