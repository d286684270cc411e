import {
  type Clock,
  type Log,
  serial,
  silentLog,
  systemRandomness,
  type Randomness,
} from "../../kernel/index.ts";
import { migrate, type SchemaDialect } from "../migrate.ts";
import { type Migration, MIGRATIONS } from "../migrations/index.ts";
import { NestingGuard } from "../nesting.ts";
import type { Row, Store, Tx, Value } from "../store.ts";
import { runInSession } from "../transaction.ts";
import { ChangeMark } from "./change-mark.ts";
import { type SqliteBackend, SqliteEngine } from "./engine.ts";
import { MEMORY, openMemory } from "./open-file.ts";
import { WorkerBackend } from "./worker-backend.ts";

export interface SqliteStoreOptions {
  /** The database file, in a folder that is private to its owner; created when absent. */
  path: string;
  /**
   * `inline`: on the calling thread, for short commands. `worker`: reads and writes happen in a thread of their own,
   * so that no lock and no slow disk delays the caller's other work.
   */
  mode: "inline" | "worker";
  clock: Clock;
  log?: Log | undefined;
  /** How long a transaction waits for those of other processes; default 5,000. */
  busyTimeoutMs?: number | undefined;
  /** Where the lineage of a new database comes from. */
  randomness?: Randomness | undefined;
  /** The schema; tests give their own. */
  migrations?: readonly Migration[] | undefined;
}

const DIALECT: SchemaDialect = {
  metaExists: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
};

/**
 * Opens the control store in a SQLite file and brings its schema up to date.
 * @throws AppError `insecure_permissions`, `newer_format`, `corrupt`, `store_unavailable`, `storage_full`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, mode, clock, busyTimeoutMs = 5_000, log = silentLog } = options;
  const engine = { path, clock, busyTimeoutMs };
  const backend = mode === "worker" ? await WorkerBackend.open(engine) : await SqliteEngine.open(engine);
  let changeMark: ChangeMark | undefined;
  try {
    changeMark = await ChangeMark.open(path);
    const store = new SqliteStore(backend, changeMark, clock);
    await migrate(store, options.migrations ?? MIGRATIONS, DIALECT, options.randomness ?? systemRandomness);
    log.debug("store.opened", { engine: "sqlite", mode });
    return store;
  } catch (error) {
    changeMark?.close();
    await backend.close();
    throw error;
  }
}

/** A control store in memory: nothing is in it, and what is written ends with it. */
export async function openMemoryStore(clock: Clock): Promise<Store> {
  const connection = openMemory();
  const engine = { path: MEMORY, clock, busyTimeoutMs: 0 };
  const backend = new SqliteEngine(engine, { writer: connection, reader: connection });
  const store = new SqliteStore(backend, new ChangeMark(connection), clock);
  await migrate(store, MIGRATIONS, DIALECT, systemRandomness);
  return store;
}

class SqliteStore implements Store {
  readonly engine = "sqlite";
  readonly #backend: SqliteBackend;
  readonly #changeMark: ChangeMark;
  readonly #clock: Clock;
  readonly #nesting = new NestingGuard();
  readonly #inTurn = serial();

  constructor(backend: SqliteBackend, changeMark: ChangeMark, clock: Clock) {
    this.#backend = backend;
    this.#changeMark = changeMark;
    this.#clock = clock;
  }

  all(sql: string, params: readonly Value[] = []): Promise<Row[]> {
    return this.#backend.all(sql, params);
  }

  async get(sql: string, params: readonly Value[] = []): Promise<Row | undefined> {
    return (await this.all(sql, params))[0];
  }

  run(sql: string, params: readonly Value[] = []): Promise<number> {
    return this.tx((tx) => tx.run(sql, params));
  }

  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#nesting.run(() =>
      this.#inTurn(async () => runInSession(await this.#backend.begin(), "", work)),
    );
  }

  changeMark(): number {
    return this.#changeMark.read();
  }

  confirmedAtMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Waits for the transactions under way. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#changeMark.close();
      await this.#backend.close();
    });
  }
}
