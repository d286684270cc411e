import type { JsonObject } from "../kernel/index.ts";
import type { Tx } from "../store/index.ts";

/** What one entry says; index and time are given by the log. */
export interface AuditEvent {
  readonly caller: string;
  readonly action: string;
  readonly subject?: string | undefined;
  readonly outcome: "ok" | "denied";
  readonly details?: JsonObject | undefined;
}

export interface AuditEntry extends AuditEvent {
  /** Position in the log, from 0, without gaps. */
  readonly index: number;
  readonly atMs: number;
}

/**
 * A transaction whose end is an audit entry. Rooms that touch secrets ask for it in their signatures, so that no
 * path to a secret exists without an entry.
 */
export interface AuditedTx extends Tx {
  /**
   * Records that a protected row (32-byte keyed digest of its content) came or went. The sum over all present
   * rows stands in the log's head, so that one old row put back is found.
   */
  readonly protectedRows: { add(digest: Uint8Array): void; remove(digest: Uint8Array): void };
}

/** Signs checkpoints. The vault holds the key; `undefined` while it is locked. */
export interface Signer {
  /** Ed25519 public key, 32 bytes. */
  publicKey(): Uint8Array | undefined;
  sign(message: Uint8Array): Uint8Array | undefined;
}
