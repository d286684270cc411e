/**
 * Protects rows that are not encrypted (virtual keys, connections, budgets) against being edited in the database.
 * The vault implements it; both methods throw `vault_locked` while it is locked.
 */
export interface RowSealer {
  /** MAC over the row's canonical bytes, bound to vault, table and id. */
  seal(table: string, id: string, content: Uint8Array): Uint8Array;
  /** @throws AppError `corrupt` naming table and id when the row was changed outside Ownkey. */
  check(table: string, id: string, content: Uint8Array, mac: Uint8Array): void;
}
