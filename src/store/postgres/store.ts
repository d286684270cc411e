import { SQL } from "bun";
import {
  AppError,
  type Clock,
  type Log,
  type Randomness,
  systemRandomness,
  toHex,
} from "../../kernel/index.ts";
import { migrate } from "../migrate.ts";
import { type Migration, MIGRATIONS } from "../migrations/index.ts";
import { NestingGuard } from "../nesting.ts";
import type { Row, Store, Tx, TxOptions, Value } from "../store.ts";
import { runInSession } from "../transaction.ts";
import { CHANGE_CHANNEL, ChangeFeed, type ChangeFeedOptions } from "./change-feed.ts";
import { PostgresConnection, queryOnce, STATEMENT_TIMEOUT_MS } from "./connection.ts";
import { POSTGRES_SCHEMA, postgresDialect } from "./dialect.ts";
import { postgresError } from "./errors.ts";
import { type Dialect, PostgresSession } from "./session.ts";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`; never printed. */
  url: string;
  clock: Clock;
  log: Log;
  /** How long a statement waits for locks that other transactions hold; default 5,000. */
  busyTimeoutMs?: number | undefined;
  /** Where the lineage of a new database and the name of this process come from. */
  randomness?: Randomness | undefined;
  /** The schema; tests give their own. */
  migrations?: readonly Migration[] | undefined;
}

const POOL_CONNECTIONS = 8;
const CONNECT_TIMEOUT_S = 5;
const ATTEMPTS = 8;
const IDLE_IN_TRANSACTION_MS = 3_000;
const RETRY_FOR_MS = 10_000;

/**
 * Opens the control store in a PostgreSQL database (14 or later) and brings its schema up to date.
 * @throws AppError `invalid_input` for a URL that is none, `newer_format`, `store_unavailable`, `storage_full`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { clock, log, randomness = systemRandomness } = options;
  const pool = connect(options);
  const self = toHex(randomness(8));
  try {
    const parts = { pool, clock, log, self };
    const feed = new ChangeFeed(parts);
    const store = new PostgresStore(parts, feed);
    await migrate(store, options.migrations ?? MIGRATIONS, POSTGRES_SCHEMA, randomness);
    await feed.start();
    log.debug("store.opened", { engine: "postgres" });
    return store;
  } catch (error) {
    await pool.close();
    throw postgresError(error);
  }
}

/** Whether the database holds a control store. @throws AppError `invalid_input`, `store_unavailable`. */
export async function hasPostgresStore(options: PostgresStoreOptions): Promise<boolean> {
  const pool = connect(options);
  try {
    return (await queryOnce(pool, POSTGRES_SCHEMA.metaExists, [])).rows.length > 0;
  } catch (error) {
    throw postgresError(error);
  } finally {
    await pool.close();
  }
}

function connect({ url, busyTimeoutMs = 5_000 }: PostgresStoreOptions): SQL {
  return new SQL({
    url,
    database: databaseOf(url),
    adapter: "postgres",
    max: POOL_CONNECTIONS,
    bigint: true,
    connectionTimeout: CONNECT_TIMEOUT_S,
    connection: {
      application_name: "ownkey",
      lock_timeout: busyTimeoutMs,
      // Whoever hangs inside a transaction is thrown out before those who wait for its locks give up.
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
    },
  });
}

/** Given to the driver by itself, since a variable `PGDATABASE` would win over the name in the URL. */
function databaseOf(url: string): string {
  const { protocol, pathname } = URL.parse(url) ?? { protocol: "", pathname: "" };
  if (/^postgres(?:ql)?:$/.test(protocol) && /^\/[^/%]+$/.test(pathname)) return pathname.slice(1);
  throw new AppError("invalid_input", "the database URL is not one of PostgreSQL, or names no database", {
    hint: "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE",
  });
}

class PostgresStore implements Store {
  readonly engine = "postgres";
  readonly #pool: SQL;
  readonly #self: string;
  readonly #clock: Clock;
  readonly #feed: ChangeFeed;
  readonly #nesting = new NestingGuard();
  readonly #dialect: Dialect = postgresDialect();

  constructor({ pool, self, clock }: ChangeFeedOptions, feed: ChangeFeed) {
    this.#pool = pool;
    this.#self = self;
    this.#clock = clock;
    this.#feed = feed;
  }

  async all(sql: string, params: readonly Value[] = []): Promise<Row[]> {
    try {
      return (await queryOnce(this.#pool, this.#dialect(sql), params)).rows;
    } catch (error) {
      throw postgresError(error);
    }
  }

  async get(sql: string, params: readonly Value[] = []): Promise<Row | undefined> {
    return (await this.all(sql, params))[0];
  }

  run(sql: string, params: readonly Value[] = []): Promise<number> {
    return this.tx((tx) => tx.run(sql, params));
  }

  tx<T>(work: (tx: Tx) => Promise<T>, { isNews = true }: TxOptions = {}): Promise<T> {
    return this.#nesting.run(() => this.#retried(work, isNews));
  }

  async #retried<T>(work: (tx: Tx) => Promise<T>, isNews: boolean): Promise<T> {
    const deadlineMs = this.#clock.monotonicMs() + RETRY_FOR_MS;
    for (let attempt = 1; ; attempt++) {
      const session = new PostgresSession(await this.#reserve(), this.#dialect);
      try {
        const result = await runInSession(session, " FOR UPDATE", async (tx) => {
          await session.begin(isNews ? { channel: CHANGE_CHANNEL, sender: this.#self } : undefined);
          return work(tx);
        });
        if (isNews) this.#feed.committedHere();
        return result;
      } catch (error) {
        const again = session.transient && attempt < ATTEMPTS && this.#clock.monotonicMs() < deadlineMs;
        if (!again) throw error;
        await Bun.sleep(Math.min(5 * 2 ** attempt, 200));
      }
    }
  }

  changeMark(): number {
    return this.#feed.mark();
  }

  confirmedAtMs(): number {
    return this.#feed.confirmedAtMs();
  }

  async close(): Promise<void> {
    await this.#feed.close();
    await this.#pool.close({ timeout: CONNECT_TIMEOUT_S });
  }

  async #reserve(): Promise<PostgresConnection> {
    try {
      return await PostgresConnection.reserve(this.#pool);
    } catch (error) {
      throw postgresError(error);
    }
  }
}
