import { AppError, equalBytes, toHex } from "../kernel/index.ts";
import { type Queries, type Row, textOf } from "../store/index.ts";
import type { RowSealer } from "./row-sealer.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { recordOf, type VirtualKeyRecord, virtualKeyOf } from "./virtual-key-record.ts";
import { checkRecord } from "./virtual-key-seal.ts";
import { allRows, rowById } from "./virtual-key-table.ts";

interface Entry {
  readonly virtualKey: VirtualKey;
  readonly hash: string;
  readonly previousHash: string | undefined;
  readonly previousUntilMs: number;
  readonly mac: Uint8Array;
}

/**
 * All virtual keys in memory, to be asked for each request. It changes only when told: on start everything, then the
 * ids that the audit log names. A row whose MAC does not hold is left out, so that its key is unknown here and the
 * others go on working.
 */
export class VirtualKeyDirectory {
  readonly #queries: Queries;
  readonly #sealer: RowSealer;
  #byId = new Map<string, Entry>();
  #byHash = new Map<string, Entry>();
  #damaged = new Set<string>();

  constructor(queries: Queries, sealer: RowSealer) {
    this.#queries = queries;
    this.#sealer = sealer;
  }

  /** Ids of rows that were changed outside Ownkey. */
  get damaged(): readonly string[] {
    return [...this.#damaged];
  }

  byId(id: string): VirtualKey | undefined {
    return this.#byId.get(id)?.virtualKey;
  }

  /** By the SHA-256 of a presented token: the current one, or the one before within its grace period. */
  byHash(hash: Uint8Array, nowMs: number): VirtualKey | undefined {
    const name = toHex(hash);
    const entry = this.#byHash.get(name);
    if (!entry) return undefined;
    return entry.hash === name || entry.previousUntilMs > nowMs ? entry.virtualKey : undefined;
  }

  /** For the start and after an unlock. @throws AppError `vault_locked`; the directory is then as before. */
  async reloadAll(): Promise<void> {
    const fresh = new VirtualKeyDirectory(this.#queries, this.#sealer);
    for (const row of await allRows(this.#queries)) fresh.#take(row);
    this.#byId = fresh.#byId;
    this.#byHash = fresh.#byHash;
    this.#damaged = fresh.#damaged;
  }

  /**
   * Reads these anew; ids of other things are ignored. While the vault is locked a key that was disabled or revoked
   * is so here too, one that was changed in any other way is unknown until {@link reloadAll}, the rest stays.
   */
  async reload(ids: Iterable<string>): Promise<void> {
    for (const id of ids) {
      const row = await rowById(this.#queries, id);
      if (row) this.#takeWhileLocked(row);
    }
  }

  #takeWhileLocked(row: Row): void {
    try {
      this.#take(row);
    } catch (error) {
      if (!hasCode(error, "vault_locked")) throw error;
      const record = recordOf(row);
      const known = this.#byId.get(record.id);
      this.#forget(record.id);
      if (!known) return;
      const { state } = record;
      if (state !== "active") this.#put({ ...known, virtualKey: { ...known.virtualKey, state } });
      else if (equalBytes(known.mac, record.mac)) this.#put(known);
    }
  }

  #take(row: Row): void {
    const id = textOf(row, "id");
    const entry = this.#entryOf(row);
    this.#forget(id);
    if (entry) this.#put(entry);
    else this.#damaged.add(id);
  }

  #put(entry: Entry): void {
    this.#byId.set(entry.virtualKey.id, entry);
    this.#byHash.set(entry.hash, entry);
    if (entry.previousHash !== undefined) this.#byHash.set(entry.previousHash, entry);
  }

  #forget(id: string): void {
    const entry = this.#byId.get(id);
    this.#damaged.delete(id);
    this.#byId.delete(id);
    if (!entry) return;
    this.#byHash.delete(entry.hash);
    if (entry.previousHash !== undefined) this.#byHash.delete(entry.previousHash);
  }

  /** `undefined` when the row was changed outside Ownkey. */
  #entryOf(row: Row): Entry | undefined {
    try {
      const record = recordOf(row);
      checkRecord(this.#sealer, record);
      return entryOf(record);
    } catch (error) {
      if (hasCode(error, "corrupt")) return undefined;
      throw error;
    }
  }
}

function entryOf(record: VirtualKeyRecord): Entry {
  return {
    virtualKey: virtualKeyOf(record),
    hash: toHex(record.tokenHash),
    previousHash: record.previousHash ? toHex(record.previousHash) : undefined,
    previousUntilMs: record.previousUntilMs ?? 0,
    mac: record.mac,
  };
}

function hasCode(error: unknown, code: AppError["code"]): boolean {
  return error instanceof AppError && error.code === code;
}
