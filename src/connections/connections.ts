import type { Caller } from "../access/index.ts";
import type { AuditedTx } from "../audit/index.ts";
import { AppError, type Secret } from "../kernel/index.ts";
import type { Connection, ProviderKey } from "./connection.ts";
import { connectionToJoin, differences, joinSettings, usualName } from "./matching.ts";
import { assertName } from "./names.ts";
import type { AddedKey, ConnectionChanges, NewKey } from "./new-key.ts";
import { boundTo, type ConnectionsOptions, ProviderKeys } from "./provider-keys.ts";
import {
  connectionContent,
  connectionOf,
  type ConnectionRecord,
  type KeyRecord,
  settingsTextOf,
} from "./records.ts";
import { insertConnection, insertKey, markConnectionRemoved, updateConnection } from "./tables.ts";

/**
 * Connections and their provider keys. Every change is one audited transaction together with the vault's part of it;
 * its subject is the id of the key or connection. Several inference keys may belong to one connection: the oldest
 * active one serves (`servingKey`), the others are in reserve. Disabling, revoking and removing work while the vault
 * is locked; everything else that changes needs it open (`vault_locked`).
 */
export class Connections extends ProviderKeys {
  readonly #options: ConnectionsOptions;

  constructor(options: ConnectionsOptions) {
    super(options);
    this.#options = options;
  }

  /**
   * Stores a key and puts it to use, in the connection that it belongs to or a new one.
   * @throws AppError `already_exists` for a taken name, for a value that the connection has already, and for a named
   *   connection to somewhere else.
   */
  async addKey(caller: Caller, input: NewKey): Promise<AddedKey> {
    const { vault, newId } = this.#options;
    const id = newId("key");
    const name = input.name ?? (input.kind === "admin" ? "admin" : "main");
    assertName("key", name);
    const details = { name, provider: input.preset ?? input.provider, kind: input.kind };
    return await this.performOn(caller, { action: "key.add", subject: id, details }, async (tx) => {
      const connection = await this.#connectionFor(tx, input);
      const fingerprint = vault.fingerprint(input.value);
      await this.#refuseKnownValue(tx, connection, fingerprint);
      const record = this.sealKey({
        ...this.#recordOf(input),
        id,
        name,
        fingerprint,
        connectionId: connection.id,
      });
      await insertKey(tx, record);
      const collection = input.kind === "admin" ? "admin_credentials" : "provider_keys";
      await vault.create(tx, collection, id, { value: input.value, ...boundTo(connection) });
      await vault.activate(tx, id, 1);
      return { key: await this.providerKey(tx, record), connection };
    });
  }

  /**
   * Changes name and settings. A key is bound to its origins: a new one is refused unless the values of all the
   * connection's keys are given again, which are then stored as new versions and used.
   * @throws AppError `not_found`, `already_exists`, `destination_refused`.
   */
  async set(caller: Caller, connectionId: string, changes: ConnectionChanges): Promise<Connection> {
    const details = { changed: Object.keys(changes) };
    const act = { ...MANAGE, action: "connection.set", subject: connectionId, details };
    return await this.performOn(caller, act, async (tx) => {
      const before = await this.connectionRecord(tx, connectionId, tx.forUpdate);
      const name = changes.name ?? before.name;
      assertName("connection", name);
      const settingsText = changes.settings ? settingsTextOf(changes.settings) : before.settingsText;
      const record = this.#sealConnection({ ...before, name, settingsText });
      await updateConnection(tx, record);
      await this.#rebind(tx, connectionOf(before), connectionOf(record), changes.values ?? new Map());
      return connectionOf(record);
    });
  }

  /** @throws AppError `not_found`; `conflict` naming the keys that it still has. */
  async remove(caller: Caller, connectionId: string): Promise<void> {
    const act = { ...MANAGE, action: "connection.remove", subject: connectionId };
    await this.performOn(caller, act, async (tx) => {
      await this.connectionRecord(tx, connectionId, tx.forUpdate);
      const left = (await this.keysIn(tx, connectionId)).filter(({ state }) => state !== "removed");
      if (left.length > 0) throw stillHas(left);
      await markConnectionRemoved(tx, connectionId);
    });
  }

  async #connectionFor(tx: AuditedTx, input: NewKey): Promise<Connection> {
    const all = await this.allConnections(tx);
    const ofName = all.find(({ name }) => name === (input.connectionName ?? usualName(input)));
    const found = (input.connectionName === undefined ? connectionToJoin(all, input) : undefined) ?? ofName;
    if (!found) return await this.#makeConnection(tx, input);
    const other = differences(found, input);
    if (other.length > 0) throw anotherPlace(found.name, other);
    // Locked, so that nobody removes it meanwhile.
    const before = await this.connectionRecord(tx, found.id, tx.forUpdate);
    const settingsText = settingsTextOf(joinSettings(found.settings, input.settings));
    if (settingsText === before.settingsText) return found;
    const record = this.#sealConnection({ ...before, settingsText });
    await updateConnection(tx, record);
    return connectionOf(record);
  }

  async #makeConnection(tx: AuditedTx, input: NewKey): Promise<Connection> {
    const name = input.connectionName ?? usualName(input);
    assertName("connection", name);
    const record = this.#sealConnection({
      id: this.#options.newId("conn"),
      name,
      provider: input.provider,
      preset: input.preset,
      settingsText: settingsTextOf(input.settings),
      createdAtMs: this.#options.clock.nowMs(),
      removed: false,
    });
    await insertConnection(tx, record);
    return connectionOf(record);
  }

  #recordOf(input: NewKey): Omit<KeyRecord, "mac" | "id" | "name" | "fingerprint" | "connectionId"> {
    const nowMs = this.#options.clock.nowMs();
    const { kind, owner, purpose, expiresAtMs, verdict } = input;
    return {
      kind,
      class: input.class,
      owner,
      purpose,
      createdAtMs: nowMs,
      rotatedAtMs: null,
      expiresAtMs,
      verdict,
      verdictAtMs: verdict === "untested" ? null : nowMs,
      lastUsedAtMs: null,
      exposed: [],
      removed: false,
    };
  }

  async #refuseKnownValue(tx: AuditedTx, connection: Connection, fingerprint: string): Promise<void> {
    const same = (await this.keysIn(tx, connection.id)).find(
      (key) => key.fingerprint === fingerprint && key.state !== "removed",
    );
    if (!same) return;
    throw new AppError("already_exists", `this key is already stored as ${connection.name}/${same.name}`, {
      hint: `look at it with: ownkey keys show ${connection.name}/${same.name}`,
    });
  }

  /** Gives every key of the connection a version bound to its new origins, if there are new ones. */
  async #rebind(
    tx: AuditedTx,
    before: Connection,
    after: Connection,
    values: ReadonlyMap<string, Secret>,
  ): Promise<void> {
    const bound = boundTo(before).origins;
    if (boundTo(after).origins.every((origin) => bound.includes(origin))) return;
    const keys = (await this.keysIn(tx, after.id)).filter(
      ({ state }) => state === "active" || state === "disabled",
    );
    const missing = keys.filter(({ id }) => !values.has(id));
    if (missing.length > 0) throw needsKeysAgain(missing);
    for (const { id } of keys) {
      const value = values.get(id);
      if (value) await this.useVersion(tx, id, await this.addVersion(tx, id, value), value, undefined);
    }
  }

  #sealConnection(record: Omit<ConnectionRecord, "mac">): ConnectionRecord {
    return { ...record, mac: this.#options.vault.seal("connections", record.id, connectionContent(record)) };
  }
}

const MANAGE = { permission: "connections.manage" } as const;

function stillHas(keys: readonly ProviderKey[]): AppError {
  return new AppError(
    "conflict",
    `the connection still has ${keys.length} ${keys.length === 1 ? "key" : "keys"}`,
    {
      hint: `remove them first: ${keys.map(({ name }) => name).join(", ")}`,
    },
  );
}

function needsKeysAgain(keys: readonly ProviderKey[]): AppError {
  return new AppError(
    "destination_refused",
    `${keys.length} keys are bound to the address that they were given for`,
    {
      hint: "give the keys again with the new address, or add a connection: ownkey keys add … --base-url URL --connection NAME",
      details: { keys: keys.map(({ name }) => name) },
    },
  );
}

function anotherPlace(name: string, differs: readonly string[]): AppError {
  return new AppError(
    "already_exists",
    `there is already a connection named "${name}", with another ${differs.join(", another ")}`,
    {
      hint: `for a new connection: --connection NAME; for a key of that one, give what it has: ownkey connections show ${name}`,
    },
  );
}
