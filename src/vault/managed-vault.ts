import type { AuditedTx } from "../audit/index.ts";
import type { Caller } from "../access/index.ts";
import type { AppError, Secret } from "../kernel/index.ts";
import type { Queries } from "../store/index.ts";
import type { Argon2Cost } from "./primitives.ts";
import type { SlotKind } from "./slots/slot.ts";
import type { LockReason, Vault } from "./vault.ts";

/** The vault for those who manage it; everybody else needs {@link Vault} only. */
export interface ManagedVault extends Vault {
  /**
   * Opens the vault with one of its slots, after checking that its rows are those of the audit log's head. Does
   * nothing to a vault that stays locked. Recorded as `vault.unlock`.
   * @throws AppError `no_usable_slot` when no slot of that sort opens here; `wrong_passphrase`; `invalid_input` for a
   *   mistyped recovery code; `insecure_permissions`; `corrupt`; `rolled_back`.
   */
  unlock(caller: Caller, input: UnlockInput, options?: UnlockOptions): Promise<SlotInfo>;
  /** Forgets the keys. The caller records it. */
  lock(reason: LockReason): void;
  /** Calls `listener` after each {@link ManagedVault.lock}; gives the function that ends that. */
  onLock(listener: (reason: LockReason) => void): () => void;
  /**
   * Gives out the vault key, for the gateway processes that this program has started (docs/decisions/0016): now, if it
   * is unlocked, and after each unlocking and re-keying. Whoever takes it hands it on at once and keeps nothing. Gives
   * the function that ends it.
   */
  handOver(take: (key: HandedKey) => void): () => void;
  /**
   * Opens the vault with a key that was handed over, after the same checks as {@link ManagedVault.unlock}; recorded
   * as `vault.unlock`. False when the vault was re-keyed since: the newer key is on its way then.
   * @throws AppError `corrupt`, `rolled_back`.
   */
  takeOver(caller: Caller, key: HandedKey): Promise<boolean>;

  slots(queries: Queries): Promise<SlotInfo[]>;
  /** Adds a way to unlock; the keys stay as they are. Recorded as `slot.add`. */
  addSlot(caller: Caller, slot: NewSlot): Promise<AddedSlot>;
  /**
   * Takes a way to unlock away and makes new keys, so that an old backup with the old slot opens nothing that comes;
   * then seals everything again. Recorded as `slot.remove`. Interrupted, it is finished by {@link ManagedVault.reseal}.
   * @throws AppError `not_found`; `conflict` for the last slot.
   */
  removeSlot(caller: Caller, id: string): Promise<void>;
  /** Adds one and takes the other away, as one step, with new keys as above. Recorded as `slot.replace`. */
  replaceSlot(caller: Caller, id: string, slot: NewSlot): Promise<AddedSlot>;
  /** New keys for the slots as they are. Recorded as `vault.rekey`. */
  rekey(caller: Caller): Promise<void>;
  /** True while rows are sealed under keys that a re-keying has retired. */
  needsReseal(queries: Queries): Promise<boolean>;
  /** Seals such rows again, in small transactions, and drops the retired keys; to be called at start. */
  reseal(caller: Caller): Promise<void>;

  /** Keeps up to 16 MiB, encrypted. @throws AppError `already_exists`, `too_large`, `vault_locked`. */
  putBlob(tx: AuditedTx, id: string, kind: string, bytes: Uint8Array): Promise<void>;
  /** `undefined` when there is none. @throws AppError `corrupt`, `vault_locked`. */
  getBlob(tx: AuditedTx, id: string): Promise<{ info: BlobInfo; bytes: Uint8Array } | undefined>;
  /** False when there was none. */
  removeBlob(tx: AuditedTx, id: string): Promise<boolean>;
  listBlobs(queries: Queries): Promise<BlobInfo[]>;
}

export type UnlockInput =
  /** Whatever needs nobody: keychain, key file. */
  | { readonly kind: "automatic" }
  | { readonly kind: "passphrase"; readonly passphrase: Secret }
  | { readonly kind: "recovery_code"; readonly code: Secret }
  /** What an identity file of age holds. */
  | { readonly kind: "age_identity"; readonly identities: Secret };

/** The vault key of one generation, on its way from one process of the program to another. */
export interface HandedKey {
  readonly generation: number;
  /** 32 bytes in base64. */
  readonly key: Secret;
}

export interface UnlockOptions {
  /**
   * Size of the audit log at which rows that do not match its head are accepted as they are, by somebody who knows
   * why (`up --accept-epoch N`). Rows with a wrong MAC are never accepted.
   */
  readonly acceptEpoch?: number | undefined;
}

export type NewSlot =
  | { readonly kind: "keychain" }
  | { readonly kind: "key_file" }
  /** `cost` defaults to Argon2id with 128 MiB, 3 passes, 4 lanes. */
  | { readonly kind: "passphrase"; readonly passphrase: Secret; readonly cost?: Argon2Cost }
  | { readonly kind: "recovery_code" }
  /** `age1…`: opened with its identity, which Ownkey never keeps. */
  | { readonly kind: "age_identity"; readonly recipient: string };

export interface SlotInfo {
  readonly id: string;
  readonly kind: SlotKind;
  readonly createdAtMs: number;
}

export interface AddedSlot {
  readonly slot: SlotInfo;
  /** Of a `recovery_code` slot, this once. */
  readonly recoveryCode?: Secret;
  /**
   * Why sealing everything again stopped half-way. The slots are changed and the new keys are in force all the same;
   * {@link ManagedVault.reseal} does the rest.
   */
  readonly unfinished?: AppError;
}

export interface BlobInfo {
  readonly id: string;
  readonly kind: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}
