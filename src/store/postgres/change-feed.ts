import { SQL } from "bun";
import { type Clock, every, type Log } from "../../kernel/index.ts";
import { queryOnce } from "./connection.ts";

export const CHANGE_CHANNEL = "ownkey_change";
const POLL_EVERY_MS = 500;
/** SQLSTATE of a table that is not there: a database whose audit log is yet to be made. */
const UNDEFINED_TABLE = "42P01";

export interface ChangeFeedOptions {
  pool: SQL;
  clock: Clock;
  log: Log;
  /** Names this store in notifications, so that it does not react to its own. */
  self: string;
}

/**
 * Knows whether another process may have committed: every control transaction makes the audit log longer, so its
 * size is polled; notifications, which may be lost, only make that quicker.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  #poller: { close(): Promise<void> } | undefined;
  #mark = 0;
  #auditSize: number | bigint = 0;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** To be called once the schema is there. Throws what the driver throws when the database cannot be asked. */
  async start(): Promise<void> {
    await this.#poll();
    await this.#listen();
    this.#poller = every(POLL_EVERY_MS, () => this.#poll(), this.#logFailure);
  }

  mark(): number {
    return this.#mark;
  }

  /** Monotonic time of the start of the last poll that was answered; before the first one it is -∞. */
  confirmedAtMs(): number {
    return this.#confirmedAtMs;
  }

  /** To be called after a commit of this process. */
  committedHere(): void {
    this.#mark += 1;
  }

  /** Stops polling; the subscription ends with the pool. */
  async close(): Promise<void> {
    await this.#poller?.close();
  }

  async #poll(): Promise<void> {
    const askedAtMs = this.#options.clock.monotonicMs();
    const size = await auditSize(this.#options.pool);
    if (size !== this.#auditSize) this.#mark += 1;
    this.#auditSize = size;
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, askedAtMs);
  }

  async #listen(): Promise<void> {
    const { pool, self } = this.#options;
    const hear = (sender: string) => {
      if (sender === self) return;
      this.#mark += 1;
      this.#poll().catch(this.#logFailure);
    };
    // After a reconnection notifications may have been missed: the poll sees to that.
    await pool.listen(CHANGE_CHANNEL, hear).catch(this.#logFailure);
  }

  readonly #logFailure = (error: unknown): void => {
    const code = error instanceof SQL.PostgresError ? (error.errno ?? error.code) : "unknown";
    this.#options.log.warn("store.change_feed_failed", { code });
  };
}

async function auditSize(pool: SQL): Promise<number | bigint> {
  try {
    const size = (await queryOnce(pool, "SELECT size FROM audit_head")).rows[0]?.["size"];
    return typeof size === "number" || typeof size === "bigint" ? size : 0;
  } catch (error) {
    if (error instanceof SQL.PostgresError && error.errno === UNDEFINED_TABLE) return 0;
    throw error;
  }
}
