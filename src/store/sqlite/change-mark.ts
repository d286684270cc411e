import type { Connection } from "./connection.ts";
import { openReader } from "./open-file.ts";

/**
 * Tells whether anything was committed, from a connection that itself never writes: SQLite's `data_version` differs
 * after every commit of another connection, of this process or not. About 1 µs.
 */
export class ChangeMark {
  readonly #reader: Connection;
  #failures = 0;

  /** The database must exist. */
  static async open(path: string): Promise<ChangeMark> {
    return new ChangeMark(await openReader(path));
  }

  constructor(reader: Connection) {
    this.#reader = reader;
  }

  /** When it cannot be read: a number never given before, so that the caller looks and meets the error itself. */
  read(): number {
    try {
      const version = this.#reader.all("PRAGMA data_version")[0]?.["data_version"];
      if (typeof version === "number") return version;
    } catch {
      // As below.
    }
    this.#failures += 1;
    return -this.#failures;
  }

  close(): void {
    this.#reader.close();
  }
}
