import type { AuditedTx, Signer } from "../audit/index.ts";
import type { RowSealer } from "../access/index.ts";
import type { Queries } from "../store/index.ts";
import type { Secret } from "../kernel/index.ts";

/** Kinds of secrets never share a key: each kind is a collection with keys of its own. */
export const COLLECTIONS = ["provider_keys", "admin_credentials", "blobs", "system"] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** What a version seals besides the value: a key is bound to its destination. */
export interface SealedSecret {
  readonly value: Secret;
  /** Origins (`https://api.openai.com`) that the value may ever be sent to; empty for secrets that are not sent. */
  readonly origins: readonly string[];
  /**
   * Id of the connection that the secret belongs to, bound into every version's envelope. Given at creation and the
   * same ever after; empty when it belongs to none.
   */
  readonly connection?: string;
}

export interface OpenedSecret extends SealedSecret {
  readonly connection: string;
  readonly version: number;
}

export const SECRET_STATES = ["active", "disabled", "revoked", "removed"] as const;
export type SecretState = (typeof SECRET_STATES)[number];

/** `auto`: nobody was there for a while; lent keys stay lent. `explicit`: somebody asked for it, and everything ends. */
export type LockReason = "auto" | "explicit";

export interface SecretInfo {
  readonly id: string;
  readonly collection: Collection;
  readonly state: SecretState;
  /** Version in use; `null` before the first activation and after removal. */
  readonly activeVersion: number | null;
  /** Highest number given so far; never reused. */
  readonly lastVersion: number;
}

/**
 * Versioned secrets under the key hierarchy of docs/security.md. Everything that touches a secret takes an
 * {@link AuditedTx}, which only `perform` gives out: it names the caller, decides, and records.
 */
export interface Vault extends RowSealer, Signer {
  readonly id: string;
  readonly locked: boolean;

  /** Makes a secret with its first version, not active. @throws `vault_locked`. */
  create(tx: AuditedTx, collection: Collection, id: string, secret: SealedSecret): Promise<void>;
  /** Adds a version without activating it; gives its number. */
  put(tx: AuditedTx, id: string, secret: SealedSecret): Promise<number>;
  /** Makes a version the one in use. Needs the vault unlocked: the version is opened to prove it can be. */
  activate(tx: AuditedTx, id: string, version: number): Promise<void>;
  /**
   * Opens a version, the active one unless told. @throws `not_found`; `denied` when disabled or revoked;
   * `vault_locked`; `corrupt` when any byte of it, or its place, was changed.
   */
  open(tx: AuditedTx, id: string, version?: number): Promise<OpenedSecret>;
  /** Tombstones, honoured even while locked. Revoked is final. */
  setState(tx: AuditedTx, id: string, state: "active" | "disabled" | "revoked"): Promise<void>;
  /** Shreds every version's ciphertext and keeps the rows. */
  remove(tx: AuditedTx, id: string): Promise<void>;
  info(queries: Queries, id: string): Promise<SecretInfo | undefined>;
  /** The same for many at once, by id; ids of other things are left out. */
  infos(queries: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, SecretInfo>>;

  /** `fp_` + 12 hex digits of an HMAC of the value under a vault key: equal values are recognised, nothing is told. */
  fingerprint(value: Secret): string;
  /** Keyed hash for one purpose (`request-body`, …), 32 bytes. */
  keyedHash(purpose: string, data: Uint8Array): Uint8Array;
}
