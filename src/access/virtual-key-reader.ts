import { AppError, type Clock, equalBytes } from "../kernel/index.ts";
import type { Queries, Store } from "../store/index.ts";
import type { RowSealer } from "./row-sealer.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { VirtualKeyDirectory } from "./virtual-key-directory.ts";
import { recordOf, type VirtualKeyRecord, virtualKeyOf } from "./virtual-key-record.ts";
import { checkRecord } from "./virtual-key-seal.ts";
import {
  allRows,
  idByReference,
  pageOfRows,
  recordById,
  recordsByName,
  rowByHash,
} from "./virtual-key-table.ts";

export interface VirtualKeyReaderOptions {
  readonly store: Store;
  readonly sealer: RowSealer;
  readonly clock: Clock;
}

/** Reading virtual keys. Every row's MAC is checked, which needs the vault unlocked. */
export class VirtualKeyReader {
  readonly #options: VirtualKeyReaderOptions;

  constructor(options: VirtualKeyReaderOptions) {
    this.#options = options;
  }

  /** All of them, revoked ones included, oldest first. @throws AppError `corrupt`, `vault_locked`. */
  async list(): Promise<VirtualKey[]> {
    return (await allRows(this.#options.store)).map((row) => this.checked(recordOf(row)));
  }

  /** Some of them, those with higher ids than `after`: a page. Oldest first. @throws as {@link list}. */
  async page(after: string, limit: number): Promise<VirtualKey[]> {
    return (await pageOfRows(this.#options.store, after, limit)).map((row) => this.checked(recordOf(row)));
  }

  /** The one that has the name now; `undefined` when only revoked ones had it. @throws as {@link list}. */
  async named(name: string): Promise<VirtualKey | undefined> {
    const record = (await recordsByName(this.#options.store, name)).find(({ state }) => state !== "revoked");
    return record && this.checked(record);
  }

  /** By id or name. @throws AppError `not_found`, `ambiguous_name`, `corrupt`, `vault_locked`. */
  async resolve(reference: string): Promise<VirtualKey> {
    const { store } = this.#options;
    return await this.load(store, await idByReference(store, reference));
  }

  /** By id, in a transaction or outside. @throws AppError `not_found`, `corrupt`, `vault_locked`. */
  async load(queries: Queries, id: string): Promise<VirtualKey> {
    return virtualKeyOf(await this.record(queries, id));
  }

  /** By the hash of a presented token; `undefined` when it never was one, or its grace period is over. */
  async findByHash(hash: Uint8Array): Promise<VirtualKey | undefined> {
    const row = await rowByHash(this.#options.store, hash);
    if (!row) return undefined;
    const record = recordOf(row);
    const virtualKey = this.checked(record);
    const isCurrent = equalBytes(record.tokenHash, hash);
    return isCurrent || (record.previousUntilMs ?? 0) > this.#options.clock.nowMs() ? virtualKey : undefined;
  }

  /** For the gateway: those used lately in memory, the others found when asked for. */
  async directory(): Promise<VirtualKeyDirectory> {
    const { store, sealer } = this.#options;
    const directory = new VirtualKeyDirectory({ queries: store, sealer });
    try {
      await directory.reloadAll();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "vault_locked") throw error;
    }
    return directory;
  }

  protected async record(queries: Queries, id: string, lock = ""): Promise<VirtualKeyRecord> {
    const record = await recordById(queries, id, lock);
    if (!record) throw noSuchVirtualKey(id);
    checkRecord(this.#options.sealer, record);
    return record;
  }

  protected checked(record: VirtualKeyRecord): VirtualKey {
    checkRecord(this.#options.sealer, record);
    return virtualKeyOf(record);
  }
}

export function noSuchVirtualKey(id: string): AppError {
  return new AppError("not_found", `there is no virtual key ${id}`, { hint: "run: ownkey vk list" });
}
