import type { AuditedTx, AuditEntry, AuditEvent } from "./entry.ts";
import type { Queries, Tx } from "../store/index.ts";

export interface AuditHead {
  /** Number of entries. */
  readonly size: number;
  /** RFC 6962 tree hash of all entries, 32 bytes. */
  readonly root: Uint8Array;
  /** Sum of the protected rows' digests modulo 2²⁵⁶, 32 bytes. */
  readonly protectedSum: Uint8Array;
}

export interface AuditLog {
  /** Makes the transaction one that can be appended to, once. */
  begin(tx: Tx): AuditedTx;
  /** Appends as the transaction's last statement, under the head row's lock; gives the log's new size. */
  append(tx: AuditedTx, event: AuditEvent): Promise<number>;
  /** The same for several entries at once, at least one. */
  appendAll(tx: AuditedTx, events: Iterable<AuditEvent>): Promise<number>;
  head(queries: Queries): Promise<AuditHead>;
  /** Entries from `since` on, oldest first: history for people and the change feed for processes. */
  list(queries: Queries, options: { since: number; limit: number }): Promise<AuditEntry[]>;
}
