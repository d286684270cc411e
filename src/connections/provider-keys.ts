import type { Act, Caller, Perform, Permission } from "../access/index.ts";
import type { AuditedTx } from "../audit/index.ts";
import type { Clock, NewId, Secret } from "../kernel/index.ts";
import { providerById, type VerdictName } from "../providers/index.ts";
import type { Store } from "../store/index.ts";
import { assertDestination, type OpenedSecret, type Vault } from "../vault/index.ts";
import { type Connection, type Exposure, EXPOSURES, type ProviderKey } from "./connection.ts";
import { ConnectionsReader } from "./connections-reader.ts";
import { assertName } from "./names.ts";
import type { ReplacedValue } from "./new-key.ts";
import { connectionOf, keyContent, type KeyRecord } from "./records.ts";
import { markKeyRemoved, updateKey, writeExposure, writeLastUsed, writeVerdict } from "./tables.ts";

export interface ConnectionsOptions {
  readonly store: Store;
  readonly perform: Perform;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly newId: NewId;
}

/**
 * What happens to a key once it is there. Every change is one audited transaction together with the vault's part of
 * it; its subject is the key's id. Disabling, revoking and removing work while the vault is locked; everything else
 * needs it open (`vault_locked`). All throw `not_found` for an unknown or removed key.
 */
export class ProviderKeys extends ConnectionsReader {
  readonly #options: ConnectionsOptions;

  constructor(options: ConnectionsOptions) {
    super(options);
    this.#options = options;
  }

  /** Stores a new value and puts it to use in the same transaction. @throws AppError `not_found`, `conflict` when revoked. */
  async replaceKey(caller: Caller, keyId: string, input: ReplacedValue): Promise<ProviderKey> {
    return await this.performOn(caller, { action: "key.replace", subject: keyId }, async (tx) => {
      const version = await this.addVersion(tx, keyId, input.value);
      const record = await this.useVersion(tx, keyId, version, input.value, input.expiresAtMs);
      const verdictAtMs = input.verdict === "untested" ? null : this.#options.clock.nowMs();
      await writeVerdict(tx, keyId, input.verdict, verdictAtMs);
      return await this.providerKey(tx, { ...record, verdict: input.verdict, verdictAtMs });
    });
  }

  /** Stores a new value without using it yet; gives its version. {@link activate} puts it to use. */
  async putVersion(caller: Caller, keyId: string, value: Secret): Promise<number> {
    return await this.performOn(caller, { action: "key.put", subject: keyId }, async (tx) => {
      await this.keyRecord(tx, keyId, tx.forUpdate);
      return await this.addVersion(tx, keyId, value);
    });
  }

  /** Puts a stored version to use, a former one too. @throws AppError `not_found`, `denied` when disabled or revoked. */
  async activate(caller: Caller, keyId: string, version: number): Promise<ProviderKey> {
    return await this.performOn(
      caller,
      { action: "key.activate", subject: keyId, details: { version } },
      async (tx) => {
        const { value } = await this.#options.vault.open(tx, keyId, version);
        return await this.providerKey(tx, await this.useVersion(tx, keyId, version, value, undefined));
      },
    );
  }

  async renameKey(caller: Caller, keyId: string, name: string): Promise<ProviderKey> {
    assertName("key", name);
    return await this.performOn(
      caller,
      { action: "key.rename", subject: keyId, details: { name } },
      async (tx) => {
        const record = this.sealKey({ ...(await this.keyRecord(tx, keyId, tx.forUpdate)), name });
        await updateKey(tx, record);
        return await this.providerKey(tx, record);
      },
    );
  }

  /** Disabling and revoking work while locked; revoking is final. @throws AppError `conflict` when revoked before. */
  async setKeyState(
    caller: Caller,
    keyId: string,
    state: "active" | "disabled" | "revoked",
  ): Promise<ProviderKey> {
    return await this.performOn(caller, { action: STATE_ACTIONS[state], subject: keyId }, async (tx) => {
      const record = await this.keyRecord(tx, keyId, tx.forUpdate);
      await this.#options.vault.setState(tx, keyId, state);
      return await this.providerKey(tx, record);
    });
  }

  /** Destroys every stored version of the value. The record stays for the reports; its name is free again. */
  async removeKey(caller: Caller, keyId: string): Promise<void> {
    await this.performOn(caller, { action: "key.remove", subject: keyId }, async (tx) => {
      await this.keyRecord(tx, keyId, tx.forUpdate);
      await this.#options.vault.remove(tx, keyId);
      await markKeyRemoved(tx, keyId);
    });
  }

  /** The value for its owner's eyes. */
  async reveal(caller: Caller, keyId: string): Promise<Secret> {
    return (await this.#open(caller, { action: "key.reveal", permission: "keys.reveal" }, keyId)).value;
  }

  /**
   * The value for one use that `action` names (`key.test`), at its connection's address.
   * @throws AppError `destination_refused` when the connection now points elsewhere than the value is bound to.
   */
  async borrow(caller: Caller, keyId: string, action: `key.${string}`): Promise<Secret> {
    const act = { action, permission: "keys.lend", subject: keyId } as const;
    return await this.performOn(caller, act, async (tx) => {
      const { connectionId } = await this.keyRecord(tx, keyId);
      const connection = connectionOf(await this.connectionRecord(tx, connectionId));
      const { value, origins } = await this.#options.vault.open(tx, keyId);
      for (const origin of boundTo(connection).origins) assertDestination(origins, new URL(origin));
      return value;
    });
  }

  /** The value with the origins it is bound to. */
  async lend(caller: Caller, keyId: string): Promise<OpenedSecret> {
    return await this.#open(caller, { action: "key.lend", permission: "keys.lend" }, keyId);
  }

  /** What a provider said of the key; whoever may use a key may note that. */
  async recordVerdict(caller: Caller, keyId: string, verdict: VerdictName): Promise<void> {
    const act = {
      action: "key.verdict",
      permission: "keys.lend",
      subject: keyId,
      details: { verdict },
    } as const;
    await this.performOn(caller, act, async (tx) => {
      await this.keyRecord(tx, keyId);
      await writeVerdict(tx, keyId, verdict, this.#options.clock.nowMs());
    });
  }

  /** Notes where others could have read the value in use; what is known already stays. A new value begins anew. */
  async markExposed(caller: Caller, keyId: string, places: readonly Exposure[]): Promise<ProviderKey> {
    const act = { action: "key.exposed", subject: keyId, details: { places: [...places] } };
    return await this.performOn(caller, act, async (tx) => {
      const record = await this.keyRecord(tx, keyId, tx.forUpdate);
      const exposed = EXPOSURES.filter((place) => places.includes(place) || record.exposed.includes(place));
      await writeExposure(tx, keyId, exposed);
      return await this.providerKey(tx, { ...record, exposed });
    });
  }

  /** When keys were last used, by id. Not audited: single uses are the ledger's. */
  async touchLastUsed(times: ReadonlyMap<string, number>): Promise<void> {
    if (times.size === 0) return;
    await this.#options.store.tx(async (tx) => {
      for (const [id, atMs] of times) await writeLastUsed(tx, id, atMs);
    });
  }

  protected async addVersion(tx: AuditedTx, keyId: string, value: Secret): Promise<number> {
    const { connectionId } = await this.keyRecord(tx, keyId);
    const connection = connectionOf(await this.connectionRecord(tx, connectionId));
    return await this.#options.vault.put(tx, keyId, { value, ...boundTo(connection) });
  }

  /** Fingerprint and age of a key are those of the value in use. */
  protected async useVersion(
    tx: AuditedTx,
    keyId: string,
    version: number,
    value: Secret,
    expiresAtMs: number | null | undefined,
  ): Promise<KeyRecord> {
    const { vault, clock } = this.#options;
    const before = await this.keyRecord(tx, keyId, tx.forUpdate);
    await vault.activate(tx, keyId, version);
    const record = this.sealKey({
      ...before,
      fingerprint: vault.fingerprint(value),
      rotatedAtMs: clock.nowMs(),
      expiresAtMs: expiresAtMs === undefined ? before.expiresAtMs : expiresAtMs,
    });
    await updateKey(tx, record);
    if (record.fingerprint === before.fingerprint || before.exposed.length === 0) return record;
    await writeExposure(tx, keyId, []);
    return { ...record, exposed: [] };
  }

  async #open(caller: Caller, act: Omit<Act, "subject">, keyId: string): Promise<OpenedSecret> {
    return await this.performOn(caller, { ...act, subject: keyId }, async (tx) => {
      await this.keyRecord(tx, keyId);
      return await this.#options.vault.open(tx, keyId);
    });
  }

  /** Under `keys.manage` unless the act says otherwise. */
  protected async performOn<T>(
    caller: Caller,
    act: Omit<Act, "permission"> & { readonly permission?: Permission },
    work: (tx: AuditedTx) => Promise<T>,
  ): Promise<T> {
    return await this.#options.perform(caller, { permission: "keys.manage", ...act }, work);
  }

  protected sealKey(record: Omit<KeyRecord, "mac">): KeyRecord {
    return { ...record, mac: this.#options.vault.seal("provider_keys", record.id, keyContent(record)) };
  }
}

const STATE_ACTIONS = { active: "key.enable", disabled: "key.disable", revoked: "key.revoke" } as const;

/** What the vault binds a value to. */
export function boundTo({ id, provider, preset, settings }: Connection): {
  origins: readonly string[];
  connection: string;
} {
  return { origins: providerById(provider, preset).origins(settings), connection: id };
}
