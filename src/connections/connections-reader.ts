import { AppError } from "../kernel/index.ts";
import type { Queries, Store } from "../store/index.ts";
import type { SecretInfo, Vault } from "../vault/index.ts";
import type { Connection, ProviderKey } from "./connection.ts";
import { shownReference } from "./names.ts";
import {
  connectionContent,
  connectionOf,
  type ConnectionRecord,
  keyContent,
  type KeyRecord,
} from "./records.ts";
import { servingKey } from "./serving.ts";
import { connectionRow, connectionRows, keyRow, keyRows } from "./tables.ts";

export interface ConnectionsReaderOptions {
  readonly store: Store;
  readonly vault: Vault;
}

/**
 * Reading connections and keys. While the vault is open each row's MAC is checked (`corrupt` when it was changed
 * outside Ownkey); while it is locked rows are shown as they stand, so that keys can be listed and disabled.
 * A REF is an id, `connection/name`, or a name that only one key has.
 */
export class ConnectionsReader {
  readonly #store: Store;
  readonly #vault: Vault;

  constructor({ store, vault }: ConnectionsReaderOptions) {
    this.#store = store;
    this.#vault = vault;
  }

  /** Oldest first. */
  async list(): Promise<Connection[]> {
    return await this.allConnections(this.#store);
  }

  /** Keys of every state and connection, oldest first. */
  async keys(): Promise<ProviderKey[]> {
    return await this.#keysFrom(await keyRows(this.#store));
  }

  /**
   * For a gateway that has to go on serving: rows that were changed outside Ownkey are left out, and their ids told.
   * Keys of every state.
   */
  async intact(): Promise<{ connections: Connection[]; keys: ProviderKey[]; damaged: string[] }> {
    const damaged: string[] = [];
    const sound = <Rec extends { id: string }>(records: readonly Rec[], check: (record: Rec) => Rec): Rec[] =>
      records.filter((record) => {
        if (isSound(() => check(record))) return true;
        damaged.push(record.id);
        return false;
      });
    const connections = sound(await connectionRows(this.#store), (record) => this.#checkedConnection(record));
    const keys = sound(await keyRows(this.#store), (record) => this.#checkedKey(record));
    return { connections: connections.map(connectionOf), keys: await this.#keysFrom(keys), damaged };
  }

  /** Keys of every state, oldest first. */
  async keysOf(connectionId: string): Promise<ProviderKey[]> {
    return await this.keysIn(this.#store, connectionId);
  }

  /** The key that serves the connection's requests, if it has one. */
  async servingKeyOf(connectionId: string): Promise<ProviderKey | undefined> {
    return servingKey(await this.keysOf(connectionId));
  }

  /** @throws AppError `not_found`. */
  async byId(connectionId: string): Promise<Connection> {
    return connectionOf(await this.connectionRecord(this.#store, connectionId));
  }

  /** By id or name. @throws AppError `not_found`. */
  async resolve(reference: string): Promise<Connection> {
    const all = await this.list();
    const found = all.find(({ id }) => id === reference) ?? all.find(({ name }) => name === reference);
    if (found) return found;
    throw new AppError("not_found", `there is no connection "${shownReference(reference)}"`, {
      hint: "run: ownkey connections list",
    });
  }

  /**
   * By id, `connection/name`, a name that only one key has, or the name of a connection that has one key.
   * @throws AppError `not_found`, `ambiguous_name` listing the keys that it could mean.
   */
  async resolveKey(reference: string): Promise<ProviderKey> {
    const byId = reference.startsWith("key_") ? await keyRow(this.#store, reference) : undefined;
    if (byId) return await this.providerKey(this.#store, this.#checkedKey(byId));
    const names = new Map((await this.list()).map(({ id, name }) => [id, name]));
    const full = (record: KeyRecord) =>
      `${names.get(record.connectionId) ?? record.connectionId}/${record.name}`;
    const records = (await keyRows(this.#store)).filter((record) => !record.removed);
    const named = records.filter((record) => record.name === reference || full(record) === reference);
    // A connection's name means its key when it has one only: `ownkey keys test openai`.
    const ofConnection = records.filter((record) => names.get(record.connectionId) === reference);
    const [found, ...others] = named.length > 0 ? named : ofConnection;
    if (!found) throw noSuchKey(reference);
    if (others.length === 0) return await this.providerKey(this.#store, this.#checkedKey(found));
    const candidates = [found, ...others].map(full);
    throw new AppError(
      "ambiguous_name",
      `"${shownReference(reference)}" may mean ${candidates.length} keys`,
      {
        hint: `say which: ${candidates.join(", ")}`,
        details: { candidates },
      },
    );
  }

  protected async allConnections(queries: Queries): Promise<Connection[]> {
    return (await connectionRows(queries)).map((record) => connectionOf(this.#checkedConnection(record)));
  }

  protected async keysIn(queries: Queries, connectionId: string): Promise<ProviderKey[]> {
    return await this.#keysFrom(await keyRows(queries, connectionId), queries);
  }

  /** @throws AppError `not_found`. */
  protected async connectionRecord(queries: Queries, id: string, lock = ""): Promise<ConnectionRecord> {
    const record = await connectionRow(queries, id, lock);
    if (record) return this.#checkedConnection(record);
    throw new AppError("not_found", `there is no connection ${shownReference(id)}`, {
      hint: "run: ownkey connections list",
    });
  }

  /** @throws AppError `not_found`, also for a key that was removed. */
  protected async keyRecord(queries: Queries, id: string, lock = ""): Promise<KeyRecord> {
    const record = await keyRow(queries, id, lock);
    if (!record || record.removed) throw noSuchKey(id);
    return this.#checkedKey(record);
  }

  /** With state and version, which the vault has. */
  protected async providerKey(queries: Queries, record: KeyRecord): Promise<ProviderKey> {
    return providerKeyOf(record, await this.#vault.info(queries, record.id));
  }

  async #keysFrom(records: readonly KeyRecord[], queries: Queries = this.#store): Promise<ProviderKey[]> {
    const ids = records.map(({ id }) => id);
    const infos = await this.#vault.infos(queries, ids);
    return records.map((record) => providerKeyOf(this.#checkedKey(record), infos.get(record.id)));
  }

  #checkedConnection(record: ConnectionRecord): ConnectionRecord {
    if (!this.#vault.locked)
      this.#vault.check("connections", record.id, connectionContent(record), record.mac);
    return record;
  }

  #checkedKey(record: KeyRecord): KeyRecord {
    if (!this.#vault.locked) this.#vault.check("provider_keys", record.id, keyContent(record), record.mac);
    return record;
  }
}

function isSound(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "corrupt") return false;
    throw error;
  }
}

function providerKeyOf(record: KeyRecord, info: SecretInfo | undefined): ProviderKey {
  const { mac: _, removed, rotatedAtMs, ...told } = record;
  return {
    ...told,
    ...(rotatedAtMs === null ? {} : { rotatedAtMs }),
    state: removed || !info ? "removed" : info.state,
    version: info?.activeVersion ?? 0,
  };
}

function noSuchKey(reference: string): AppError {
  return new AppError("not_found", `there is no key "${shownReference(reference)}"`, {
    hint: "run: ownkey keys list",
  });
}
