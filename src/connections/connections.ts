import type { Act, Caller, Perform, Permission } from "../access/index.ts";
import type { AuditedTx } from "../audit/index.ts";
import { AppError, type Clock, type NewId, type Secret } from "../kernel/index.ts";
import { providerById, type VerdictName } from "../providers/index.ts";
import type { Store } from "../store/index.ts";
import type { OpenedSecret, Vault } from "../vault/index.ts";
import type { Connection, ProviderKey } from "./connection.ts";
import { ConnectionsReader } from "./connections-reader.ts";
import { connectionToJoin, isSamePlace, joinSettings, usualName } from "./matching.ts";
import { assertName } from "./names.ts";
import type { AddedKey, ConnectionChanges, NewKey, ReplacedValue } from "./new-key.ts";
import {
  connectionContent,
  connectionOf,
  type ConnectionRecord,
  keyContent,
  type KeyRecord,
  settingsTextOf,
} from "./records.ts";
import {
  insertConnection,
  insertKey,
  markConnectionRemoved,
  markKeyRemoved,
  nameTaken,
  updateConnection,
  updateKey,
  writeLastUsed,
  writeVerdict,
} from "./tables.ts";

export interface ConnectionsOptions {
  readonly store: Store;
  readonly perform: Perform;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly newId: NewId;
}

/**
 * Connections and their provider keys. Every change is one audited transaction together with the vault's part of it;
 * its subject is the id of the key or connection. Several inference keys may belong to one connection: the oldest
 * active one serves (`servingKey`), the others are in reserve. Disabling, revoking and removing work while the vault
 * is locked; everything else that changes needs it open (`vault_locked`).
 */
export class Connections extends ConnectionsReader {
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
    const id = this.#options.newId("key");
    const name = input.name ?? (input.kind === "admin" ? "admin" : "main");
    assertName("key", name);
    const details = { name, provider: input.preset ?? input.provider, kind: input.kind };
    return await this.#perform(caller, "key.add", id, details, async (tx) => {
      const connection = await this.#connectionFor(tx, input);
      const fingerprint = this.#options.vault.fingerprint(input.value);
      await this.#refuseKnownValue(tx, connection, fingerprint);
      const { vault, clock } = this.#options;
      const nowMs = clock.nowMs();
      const record = this.#sealKey({
        id,
        connectionId: connection.id,
        name,
        kind: input.kind,
        fingerprint,
        class: input.class,
        owner: input.owner,
        purpose: input.purpose,
        createdAtMs: nowMs,
        rotatedAtMs: null,
        expiresAtMs: input.expiresAtMs,
        verdict: input.verdict,
        verdictAtMs: input.verdict === "untested" ? null : nowMs,
        lastUsedAtMs: null,
        removed: false,
      });
      await insertKey(tx, record);
      const collection = input.kind === "admin" ? "admin_credentials" : "provider_keys";
      await vault.create(tx, collection, id, { value: input.value, ...boundTo(connection) });
      await vault.activate(tx, id, 1);
      return { key: await this.providerKey(tx, record), connection };
    });
  }

  /** Stores a new value and puts it to use in the same transaction. @throws AppError `not_found`, `conflict` when revoked. */
  async replaceKey(caller: Caller, keyId: string, input: ReplacedValue): Promise<ProviderKey> {
    return await this.#perform(caller, "key.replace", keyId, {}, async (tx) => {
      const version = await this.#putVersion(tx, keyId, input.value);
      const record = await this.#activate(tx, keyId, version, input.value, input.expiresAtMs);
      const nowMs = this.#options.clock.nowMs();
      await writeVerdict(tx, keyId, input.verdict, nowMs);
      return await this.providerKey(tx, { ...record, verdict: input.verdict, verdictAtMs: nowMs });
    });
  }

  /** Stores a new value without using it yet; gives its version. {@link activate} puts it to use. */
  async putVersion(caller: Caller, keyId: string, value: Secret): Promise<number> {
    return await this.#perform(caller, "key.put", keyId, {}, async (tx) => {
      await this.keyRecord(tx, keyId, tx.forUpdate);
      return await this.#putVersion(tx, keyId, value);
    });
  }

  /** Puts a stored version to use, a former one too. @throws AppError `not_found`, `denied` when disabled or revoked. */
  async activate(caller: Caller, keyId: string, version: number): Promise<ProviderKey> {
    return await this.#perform(caller, "key.activate", keyId, { version }, async (tx) => {
      const { value } = await this.#options.vault.open(tx, keyId, version);
      return await this.providerKey(tx, await this.#activate(tx, keyId, version, value, undefined));
    });
  }

  async renameKey(caller: Caller, keyId: string, name: string): Promise<ProviderKey> {
    assertName("key", name);
    return await this.#perform(caller, "key.rename", keyId, { name }, async (tx) => {
      const record = this.#sealKey({ ...(await this.keyRecord(tx, keyId, tx.forUpdate)), name });
      await updateKey(tx, record);
      return await this.providerKey(tx, record);
    });
  }

  /** Disabling and revoking work while locked; revoking is final. @throws AppError `conflict` when revoked before. */
  async setKeyState(
    caller: Caller,
    keyId: string,
    state: "active" | "disabled" | "revoked",
  ): Promise<ProviderKey> {
    return await this.#perform(caller, STATE_ACTIONS[state], keyId, {}, async (tx) => {
      const record = await this.keyRecord(tx, keyId, tx.forUpdate);
      await this.#options.vault.setState(tx, keyId, state);
      return await this.providerKey(tx, record);
    });
  }

  /** Destroys every stored version of the value. The record stays for the reports; its name is free again. */
  async removeKey(caller: Caller, keyId: string): Promise<void> {
    await this.#perform(caller, "key.remove", keyId, {}, async (tx) => {
      await this.keyRecord(tx, keyId, tx.forUpdate);
      await this.#options.vault.remove(tx, keyId);
      await markKeyRemoved(tx, keyId);
    });
  }

  /** The value for its owner's eyes. */
  async reveal(caller: Caller, keyId: string): Promise<Secret> {
    return (await this.#open(caller, "key.reveal", "keys.reveal", keyId)).value;
  }

  /** The value for one use that `action` names (`key.test`); whoever sends it checks its origins by {@link lend}. */
  async borrow(caller: Caller, keyId: string, action: `key.${string}`): Promise<Secret> {
    return (await this.#open(caller, action, "keys.lend", keyId)).value;
  }

  /** The value with the origins it is bound to. */
  async lend(caller: Caller, keyId: string): Promise<OpenedSecret> {
    return await this.#open(caller, "key.lend", "keys.lend", keyId);
  }

  /** What a provider said of the key; whoever may use a key may note that. */
  async recordVerdict(caller: Caller, keyId: string, verdict: VerdictName): Promise<void> {
    const act: Act = { action: "key.verdict", permission: "keys.lend", subject: keyId, details: { verdict } };
    await this.#options.perform(caller, act, async (tx) => {
      await writeVerdict(tx, keyId, verdict, this.#options.clock.nowMs());
    });
  }

  /** When keys were last used, by id. Not audited: single uses are the ledger's. */
  async touchLastUsed(times: ReadonlyMap<string, number>): Promise<void> {
    if (times.size === 0) return;
    await this.#options.store.tx(async (tx) => {
      for (const [id, atMs] of times) await writeLastUsed(tx, id, atMs);
    });
  }

  /**
   * Changes name and settings. A key is bound to its origins: a new one is refused unless the values of all the
   * connection's keys are given again, which are then stored as new versions and used.
   * @throws AppError `not_found`, `already_exists`, `destination_refused`.
   */
  async set(caller: Caller, connectionId: string, changes: ConnectionChanges): Promise<Connection> {
    const details = { changed: Object.keys(changes) };
    return await this.#perform(
      caller,
      "connection.set",
      connectionId,
      details,
      async (tx) => {
        const before = await this.connectionRecord(tx, connectionId, tx.forUpdate);
        const name = changes.name ?? before.name;
        assertName("connection", name);
        const settingsText = changes.settings ? settingsTextOf(changes.settings) : before.settingsText;
        const record = this.#sealConnection({ ...before, name, settingsText });
        await updateConnection(tx, record);
        await this.#rebind(tx, connectionOf(before), connectionOf(record), changes.values ?? new Map());
        return connectionOf(record);
      },
      "connections.manage",
    );
  }

  /** @throws AppError `conflict` naming the keys that it still has. */
  async remove(caller: Caller, connectionId: string): Promise<void> {
    await this.#perform(
      caller,
      "connection.remove",
      connectionId,
      {},
      async (tx) => {
        await this.connectionRecord(tx, connectionId, tx.forUpdate);
        const left = (await this.keysIn(tx, connectionId)).filter(({ state }) => state !== "removed");
        if (left.length > 0) {
          throw new AppError("conflict", `the connection still has ${left.length} keys`, {
            hint: `remove them first: ${left.map(({ name }) => name).join(", ")}`,
          });
        }
        await markConnectionRemoved(tx, connectionId);
      },
      "connections.manage",
    );
  }

  async #connectionFor(tx: AuditedTx, input: NewKey): Promise<Connection> {
    const all = await this.allConnections(tx);
    const named = all.find(({ name }) => name === input.connectionName);
    const found = input.connectionName === undefined ? connectionToJoin(all, input) : named;
    if (!found) return await this.#makeConnection(tx, input);
    if (!isSamePlace(found, input)) throw nameTaken("connection", found.name);
    const settingsText = settingsTextOf(joinSettings(found.settings, input.settings));
    if (settingsText === settingsTextOf(found.settings)) return found;
    const record = this.#sealConnection({
      ...(await this.connectionRecord(tx, found.id, tx.forUpdate)),
      settingsText,
    });
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

  async #refuseKnownValue(tx: AuditedTx, connection: Connection, fingerprint: string): Promise<void> {
    const same = (await this.keysIn(tx, connection.id)).find(
      (key) => key.fingerprint === fingerprint && key.state !== "removed",
    );
    if (!same) return;
    throw new AppError("already_exists", `this key is already stored as ${connection.name}/${same.name}`, {
      hint: `look at it with: ownkey keys show ${connection.name}/${same.name}`,
    });
  }

  async #putVersion(tx: AuditedTx, keyId: string, value: Secret): Promise<number> {
    const { connectionId } = await this.keyRecord(tx, keyId);
    const connection = connectionOf(await this.connectionRecord(tx, connectionId));
    return await this.#options.vault.put(tx, keyId, { value, ...boundTo(connection) });
  }

  /** Fingerprint and age of a key are those of the value in use. */
  async #activate(
    tx: AuditedTx,
    keyId: string,
    version: number,
    value: Secret,
    expiresAtMs: number | null | undefined,
  ): Promise<KeyRecord> {
    const { vault, clock } = this.#options;
    const before = await this.keyRecord(tx, keyId, tx.forUpdate);
    await vault.activate(tx, keyId, version);
    const record = this.#sealKey({
      ...before,
      fingerprint: vault.fingerprint(value),
      rotatedAtMs: clock.nowMs(),
      expiresAtMs: expiresAtMs === undefined ? before.expiresAtMs : expiresAtMs,
    });
    await updateKey(tx, record);
    return record;
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
      if (value) await this.#activate(tx, id, await this.#putVersion(tx, id, value), value, undefined);
    }
  }

  async #open(caller: Caller, action: string, permission: Permission, keyId: string): Promise<OpenedSecret> {
    return await this.#perform(
      caller,
      action,
      keyId,
      {},
      async (tx) => {
        await this.keyRecord(tx, keyId);
        return await this.#options.vault.open(tx, keyId);
      },
      permission,
    );
  }

  async #perform<T>(
    caller: Caller,
    action: string,
    subject: string,
    details: NonNullable<Act["details"]>,
    work: (tx: AuditedTx) => Promise<T>,
    permission: Permission = "keys.manage",
  ): Promise<T> {
    return await this.#options.perform(caller, { action, permission, subject, details }, work);
  }

  #sealConnection(record: Omit<ConnectionRecord, "mac">): ConnectionRecord {
    return { ...record, mac: this.#options.vault.seal("connections", record.id, connectionContent(record)) };
  }

  #sealKey(record: Omit<KeyRecord, "mac">): KeyRecord {
    return { ...record, mac: this.#options.vault.seal("provider_keys", record.id, keyContent(record)) };
  }
}

const STATE_ACTIONS = { active: "key.enable", disabled: "key.disable", revoked: "key.revoke" } as const;

/** What the vault binds a value to. */
function boundTo({ id, provider, preset, settings }: Connection): {
  origins: readonly string[];
  connection: string;
} {
  return { origins: providerById(provider, preset).origins(settings), connection: id };
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
