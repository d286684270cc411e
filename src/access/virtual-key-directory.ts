import { AppError, equalBytes, toHex } from "../kernel/index.ts";
import { type Queries, type Row, textOf } from "../store/index.ts";
import type { RowSealer } from "./row-sealer.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { type HeldKey, heldKey, VirtualKeyCache } from "./virtual-key-cache.ts";
import { recordOf, type VirtualKeyRecord } from "./virtual-key-record.ts";
import { checkRecord } from "./virtual-key-seal.ts";
import { lastUsedRows, rowByHash, rowById } from "./virtual-key-table.ts";

export interface VirtualKeyDirectoryOptions {
  readonly queries: Queries;
  readonly sealer: RowSealer;
  /** Keys held in memory; about 2 kB each. */
  readonly capacity?: number;
  /** Names held in memory that no key has. */
  readonly maxUnknown?: number;
}

export type Answer = VirtualKey | undefined | Promise<VirtualKey | undefined>;

const CAPACITY = 10_000;
const MAX_UNKNOWN = 10_000;
const MAX_DAMAGED = 1_000;

/**
 * Virtual keys to be asked for each request: those used lately are in memory, the others are read from the store when
 * they are asked for. What is held changes only when it is told, with the ids that the audit log names, so a change
 * counts for the next request after that. A row whose MAC does not hold is left out, so that its key is unknown here
 * and the others go on working.
 */
export class VirtualKeyDirectory {
  readonly #queries: Queries;
  readonly #sealer: RowSealer;
  readonly #capacity: number;
  readonly #maxUnknown: number;
  readonly #cache: VirtualKeyCache;
  /** Hashes and ids that were asked for in vain since the last change. */
  readonly #unknown = new Set<string>();
  readonly #damaged = new Set<string>();
  readonly #underWay = new Map<string, Promise<HeldKey | undefined>>();
  /** Counts what was told: a row that was read before the last change is not kept. */
  #changes = 0;

  constructor({
    queries,
    sealer,
    capacity = CAPACITY,
    maxUnknown = MAX_UNKNOWN,
  }: VirtualKeyDirectoryOptions) {
    this.#queries = queries;
    this.#sealer = sealer;
    this.#capacity = capacity;
    this.#maxUnknown = maxUnknown;
    this.#cache = new VirtualKeyCache(capacity);
  }

  /** Ids of rows, among those read, that were changed outside Ownkey. */
  get damaged(): readonly string[] {
    return [...this.#damaged];
  }

  /** Keys in memory. */
  get size(): number {
    return this.#cache.size;
  }

  byId(id: string): Answer {
    const held = this.#cache.byId(id);
    if (held !== undefined) return held.virtualKey;
    if (this.#unknown.has(id)) return undefined;
    return this.#read(id, () => rowById(this.#queries, id)).then((read) => read?.virtualKey);
  }

  /**
   * By the SHA-256 of a presented token, the current one or the one before within its grace period, if it is in
   * memory: no waiting.
   */
  byHash(hash: Uint8Array, nowMs: number): VirtualKey | undefined {
    const name = toHex(hash);
    return presented(this.#cache.byHash(name), name, nowMs);
  }

  /** As {@link byHash}, and asks the store when it is not in memory. @throws AppError `vault_locked`. */
  findByHash(hash: Uint8Array, nowMs: number): Answer {
    const name = toHex(hash);
    const held = this.#cache.byHash(name);
    if (held !== undefined) return presented(held, name, nowMs);
    if (this.#unknown.has(name)) return undefined;
    return this.#read(name, () => rowByHash(this.#queries, hash)).then((read) =>
      presented(read, name, nowMs),
    );
  }

  /**
   * For the start and after an unlock: forgets everything and reads the keys that were used last, as many as are held.
   * @throws AppError `vault_locked`; the directory is then as before.
   */
  async reloadAll(): Promise<void> {
    const rows = await lastUsedRows(this.#queries, this.#capacity);
    const fresh = rows.map((row) => ({ id: textOf(row, "id"), held: this.#checked(row) }));
    this.#noteChange();
    this.#cache.clear();
    this.#damaged.clear();
    // The one used last goes in last: the first ones are the first to make room.
    for (const { id, held } of fresh.reverse()) this.#take(id, held);
  }

  /**
   * These have changed; ids of other things are ignored. While the vault is locked a key that was disabled or revoked
   * is so here too, one that was changed in any other way cannot be known until it is unlocked, the rest stays.
   */
  async reload(ids: Iterable<string>): Promise<void> {
    this.#noteChange();
    for (const id of ids) {
      // Whoever is not in memory is read when asked for.
      if (this.#cache.byId(id) === undefined) continue;
      const row = await rowById(this.#queries, id);
      if (row) this.#takeWhileLocked(row);
      else this.#cache.forget(id);
    }
  }

  #noteChange(): void {
    this.#changes++;
    this.#unknown.clear();
    // Whoever asks from now on gets a row that was read from now on.
    this.#underWay.clear();
  }

  #read(name: string, row: () => Promise<Row | undefined>): Promise<HeldKey | undefined> {
    const known = this.#underWay.get(name);
    if (known !== undefined) return known;
    const reading = this.#readRow(name, row).finally(() => {
      if (this.#underWay.get(name) === reading) this.#underWay.delete(name);
    });
    this.#underWay.set(name, reading);
    return reading;
  }

  async #readRow(name: string, read: () => Promise<Row | undefined>): Promise<HeldKey | undefined> {
    const changes = this.#changes;
    const row = await read();
    const isCurrent = () => changes === this.#changes;
    if (row === undefined) {
      if (isCurrent()) this.#noteUnknown(name);
      return undefined;
    }
    try {
      const held = this.#checked(row);
      if (isCurrent()) this.#take(textOf(row, "id"), held);
      if (isCurrent() && held === undefined) this.#noteUnknown(name);
      return held;
    } catch (error) {
      const record = recordOf(row);
      // That it is out of service needs no proof.
      if (hasCode(error, "vault_locked") && record.state !== "active") return heldKey(record);
      throw error;
    }
  }

  #noteUnknown(name: string): void {
    for (const oldest of this.#unknown) {
      if (this.#unknown.size < this.#maxUnknown) break;
      this.#unknown.delete(oldest);
    }
    this.#unknown.add(name);
  }

  #takeWhileLocked(row: Row): void {
    try {
      this.#take(textOf(row, "id"), this.#checked(row));
    } catch (error) {
      if (!hasCode(error, "vault_locked")) throw error;
      this.#keepIfUnchanged(recordOf(row));
    }
  }

  #keepIfUnchanged(record: VirtualKeyRecord): void {
    const known = this.#cache.byId(record.id);
    this.#cache.forget(record.id);
    if (known === undefined) return;
    const { state } = record;
    if (state !== "active") this.#cache.put({ ...known, virtualKey: { ...known.virtualKey, state } });
    else if (equalBytes(known.mac, record.mac)) this.#cache.put(known);
  }

  #take(id: string, held: HeldKey | undefined): void {
    this.#damaged.delete(id);
    if (held !== undefined) {
      this.#cache.put(held);
      return;
    }
    this.#cache.forget(id);
    if (this.#damaged.size < MAX_DAMAGED) this.#damaged.add(id);
  }

  /** `undefined` when the row was changed outside Ownkey. @throws AppError `vault_locked`. */
  #checked(row: Row): HeldKey | undefined {
    try {
      const record = recordOf(row);
      checkRecord(this.#sealer, record);
      return heldKey(record);
    } catch (error) {
      if (hasCode(error, "corrupt")) return undefined;
      throw error;
    }
  }
}

function presented(held: HeldKey | undefined, hash: string, nowMs: number): VirtualKey | undefined {
  if (held === undefined) return undefined;
  return held.hash === hash || held.previousUntilMs > nowMs ? held.virtualKey : undefined;
}

function hasCode(error: unknown, code: AppError["code"]): boolean {
  return error instanceof AppError && error.code === code;
}
