import { AppError, toHex } from "../kernel/index.ts";
import type { Queries } from "../store/index.ts";
import type { RowSealer } from "./row-sealer.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { type VirtualKeyRecord, virtualKeyOf } from "./virtual-key-record.ts";
import { checkRecord } from "./virtual-key-seal.ts";
import { allRecords, recordById } from "./virtual-key-table.ts";

interface Entry {
  readonly virtualKey: VirtualKey;
  readonly hash: string;
  readonly previousHash: string | undefined;
  readonly previousUntilMs: number;
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

  /** @throws AppError `vault_locked`; the directory is then as before. */
  async reloadAll(): Promise<void> {
    const fresh = new VirtualKeyDirectory(this.#queries, this.#sealer);
    for (const record of await allRecords(this.#queries)) fresh.#take(record);
    this.#byId = fresh.#byId;
    this.#byHash = fresh.#byHash;
    this.#damaged = fresh.#damaged;
  }

  /** Reads these anew; ids of other things are ignored. @throws AppError `vault_locked`. */
  async reload(ids: Iterable<string>): Promise<void> {
    for (const id of ids) {
      const record = await recordById(this.#queries, id);
      if (record) this.#take(record);
    }
  }

  #take(record: VirtualKeyRecord): void {
    const intact = this.#isIntact(record);
    this.#forget(record.id);
    if (!intact) {
      this.#damaged.add(record.id);
      return;
    }
    const entry: Entry = {
      virtualKey: virtualKeyOf(record),
      hash: toHex(record.tokenHash),
      previousHash: record.previousHash ? toHex(record.previousHash) : undefined,
      previousUntilMs: record.previousUntilMs ?? 0,
    };
    this.#byId.set(record.id, entry);
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

  #isIntact(record: VirtualKeyRecord): boolean {
    try {
      checkRecord(this.#sealer, record);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === "corrupt") return false;
      throw error;
    }
  }
}
