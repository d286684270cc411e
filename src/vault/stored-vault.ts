import type { Act, Caller, Perform } from "../access/index.ts";
import type { AuditedTx, AuditHead, AuditLog } from "../audit/index.ts";
import { type AppError, Secret, utf8 } from "../kernel/index.ts";
import { intOf, type Queries, type Store } from "../store/index.ts";
import { Blobs } from "./blobs.ts";
import { type KeyRing, loadKeyRing, readVaultRow } from "./key-ring.ts";
import { Lock } from "./lock.ts";
import type {
  AddedSlot,
  BlobInfo,
  HandedKey,
  ManagedVault,
  NewSlot,
  SlotInfo,
  UnlockInput,
  UnlockOptions,
} from "./managed-vault.ts";
import { protectedSum, replaceSum, verifyProtectedRows } from "./protected-sum.ts";
import { damaged } from "./refusals.ts";
import { Secrets } from "./secrets.ts";
import { SlotChanges } from "./slot-changes.ts";
import { openSlot } from "./slots/open-slot.ts";
import type { SlotHost } from "./slots/slot-host.ts";
import { readSlots } from "./slots/slot.ts";
import { underStillHead } from "./still-head.ts";
import type { Collection, LockReason, OpenedSecret, SealedSecret, SecretInfo } from "./vault.ts";

export interface StoredVaultOptions extends SlotHost {
  store: Store;
  audit: AuditLog;
  perform: Perform;
  /** Called at each point where a crash would be interesting; for tests that kill the process there. */
  step?: (point: string) => void;
}

const UNLOCK_ATTEMPTS = 3;

/** The vault on the control store. Made by `openOrCreateVault` and `noVault` only; locked at first. */
export class StoredVault implements ManagedVault {
  readonly id: string;
  readonly #options: StoredVaultOptions;
  readonly #lock = new Lock();
  readonly #secrets: Secrets;
  readonly #blobs: Blobs;
  readonly #slotChanges: SlotChanges;

  constructor(id: string, options: StoredVaultOptions) {
    this.id = id;
    this.#options = options;
    const parts = { ...options, vaultId: id, lock: this.#lock };
    this.#secrets = new Secrets(parts);
    this.#blobs = new Blobs(parts);
    this.#slotChanges = new SlotChanges(parts);
  }

  get locked(): boolean {
    return this.#lock.locked;
  }

  async unlock(caller: Caller, input: UnlockInput, options: UnlockOptions = {}): Promise<SlotInfo> {
    for (let attempt = 1; ; attempt++) {
      const opened = await openSlot(await readSlots(this.#options.store), this.id, input, this.#options);
      try {
        const { slot, vaultKey } = opened;
        const details = { slot: slot.id, kind: slot.kind };
        const act = { permission: "vault.unlock", details } as const;
        const held = { generation: slot.generation, vaultKey };
        this.#lock.unlock(await this.#load(caller, act, held, options));
        return infoOf(slot);
      } catch (error) {
        // Re-keyed between the two reads: the slot holds a newer key by now.
        if (!(error instanceof Rekeyed)) throw error;
        if (attempt === UNLOCK_ATTEMPTS) throw error.asCorrupt();
      }
    }
  }

  lock(reason: LockReason): void {
    this.#lock.lock(reason);
  }

  onLock(listener: (reason: LockReason) => void): () => void {
    return this.#lock.onLock(listener);
  }

  handOver(take: (key: HandedKey) => void): () => void {
    return this.#lock.onRing(({ generation, vaultKey }) =>
      take({ generation, key: new Secret(Buffer.from(vaultKey).toString("base64")) }),
    );
  }

  async takeOver(caller: Caller, { generation, key }: HandedKey): Promise<boolean> {
    const vaultKey = new Uint8Array(Buffer.from(key.reveal(), "base64"));
    // Nobody but the program that holds the vault has it to give: a gateway needs it to be lent keys, and no more.
    const act = { permission: "keys.lend", details: { kind: "handed" } } as const;
    try {
      this.#lock.unlock(await this.#load(caller, act, { generation, vaultKey }, {}));
      return true;
    } catch (error) {
      if (error instanceof Rekeyed) return false;
      throw error;
    }
  }

  async create(tx: AuditedTx, collection: Collection, id: string, secret: SealedSecret): Promise<void> {
    await this.#secrets.create(tx, collection, id, secret);
  }

  async put(tx: AuditedTx, id: string, secret: SealedSecret): Promise<number> {
    return await this.#secrets.put(tx, id, secret);
  }

  async activate(tx: AuditedTx, id: string, version: number): Promise<void> {
    await this.#secrets.activate(tx, id, version);
  }

  async open(tx: AuditedTx, id: string, version?: number): Promise<OpenedSecret> {
    return await this.#secrets.open(tx, id, version);
  }

  async setState(tx: AuditedTx, id: string, state: "active" | "disabled" | "revoked"): Promise<void> {
    await this.#secrets.setState(tx, id, state);
  }

  async remove(tx: AuditedTx, id: string): Promise<void> {
    await this.#secrets.remove(tx, id);
  }

  async info(queries: Queries, id: string): Promise<SecretInfo | undefined> {
    return await this.#secrets.info(queries, id);
  }

  async infos(queries: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, SecretInfo>> {
    return await this.#secrets.infos(queries, ids);
  }

  async putBlob(tx: AuditedTx, id: string, kind: string, bytes: Uint8Array): Promise<void> {
    await this.#blobs.put(tx, id, kind, bytes);
  }

  async getBlob(tx: AuditedTx, id: string): Promise<{ info: BlobInfo; bytes: Uint8Array } | undefined> {
    return await this.#blobs.get(tx, id);
  }

  async removeBlob(tx: AuditedTx, id: string): Promise<boolean> {
    return await this.#blobs.remove(tx, id);
  }

  async listBlobs(queries: Queries): Promise<BlobInfo[]> {
    return await this.#blobs.list(queries);
  }

  async slots(queries: Queries): Promise<SlotInfo[]> {
    return (await readSlots(queries)).map(infoOf);
  }

  async addSlot(caller: Caller, slot: NewSlot): Promise<AddedSlot> {
    return await this.#slotChanges.add(caller, slot);
  }

  async removeSlot(caller: Caller, id: string): Promise<void> {
    await this.#slotChanges.remove(caller, id);
  }

  async replaceSlot(caller: Caller, id: string, slot: NewSlot): Promise<AddedSlot> {
    return await this.#slotChanges.replace(caller, id, slot);
  }

  async rekey(caller: Caller): Promise<void> {
    await this.#slotChanges.rekey(caller);
  }

  async needsReseal(queries: Queries): Promise<boolean> {
    return await this.#slotChanges.needsReseal(queries);
  }

  async reseal(caller: Caller): Promise<void> {
    await this.#slotChanges.reseal(caller);
  }

  /** Making new protected rows is management: not after an auto-lock, while checking goes on. */
  seal(table: string, id: string, content: Uint8Array): Uint8Array {
    return this.#lock.ring().system.rowMac(table, id, content);
  }

  check(table: string, id: string, content: Uint8Array, mac: Uint8Array): void {
    this.#lock.system().checkRowMac(table, id, content, mac);
  }

  fingerprint(value: Secret): string {
    return this.#lock.system().fingerprint(utf8(value.reveal()));
  }

  keyedHash(purpose: string, data: Uint8Array): Uint8Array {
    return this.#lock.system().keyedHash(purpose, data);
  }

  publicKey(): Uint8Array | undefined {
    return this.#lock.systemIfAny()?.publicKey();
  }

  sign(message: Uint8Array): Uint8Array | undefined {
    return this.#lock.systemIfAny()?.sign(message);
  }

  async #load(
    caller: Caller,
    act: Pick<Act, "permission" | "details">,
    { generation, vaultKey }: { readonly generation: number; readonly vaultKey: Uint8Array },
    options: UnlockOptions,
  ): Promise<KeyRing> {
    const { perform, audit } = this.#options;
    return await perform(caller, { ...act, action: "vault.unlock", subject: this.id }, async (tx) => {
      const { ring, head, accepted } = await underStillHead(
        tx,
        audit,
        async (head) => await this.#verified(tx, head, generation, vaultKey, options),
      );
      if (accepted) replaceSum(tx, head, accepted);
      return ring;
    });
  }

  /** The ring, after verifying; with the sum of the rows as they are where somebody accepts that. */
  async #verified(
    tx: AuditedTx,
    head: AuditHead,
    generation: number,
    vaultKey: Uint8Array,
    { acceptEpoch }: UnlockOptions,
  ): Promise<{ ring: KeyRing; head: AuditHead; accepted?: Uint8Array }> {
    const row = await readVaultRow(tx);
    if (!row || intOf(row, "generation") !== generation) throw new Rekeyed();
    const ring = await loadKeyRing(tx, row, vaultKey);
    if (acceptEpoch === head.size) {
      return { ring, head, accepted: await protectedSum(tx, this.id, ring.system) };
    }
    await verifyProtectedRows(tx, this.id, ring.system, head);
    return { ring, head };
  }
}

class Rekeyed extends Error {
  asCorrupt(): AppError {
    return damaged("the unlock slot and the vault's own row are of different generations");
  }
}

function infoOf({ id, kind, createdAtMs }: SlotInfo): SlotInfo {
  return { id, kind, createdAtMs };
}
