/**
 * Rows that carry a MAC and count in the protected rows' sum: the MAC finds a changed row, the sum (kept in the audit
 * log's head, moved in the same transaction) finds an old row put back, a copied and a missing one.
 *
 * All writes to these tables go through here; a statement of their own have only `secrets.state` and the shredding
 * of `secret_versions.sealed`, which must work while the vault is locked.
 */
import type { AuditedTx } from "../audit/index.ts";
import { concatBytes, lengthPrefixed, utf8 } from "../kernel/index.ts";
import { bytesOf, type Queries, type Row, type Tx, type Value } from "../store/index.ts";
import type { SystemKeys } from "./system-keys.ts";

interface ProtectedTable {
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /** All columns that the MAC covers, key columns first. */
  readonly covered: readonly string[];
}

export const PROTECTED_TABLES = {
  vault: {
    key: ["singleton"],
    covered: ["singleton", "id", "generation", "root_generation", "sealed_root", "created_at_ms"],
  },
  vault_slots: {
    key: ["id"],
    covered: ["id", "kind", "generation", "parameters", "public_key", "wrapped", "created_at_ms"],
  },
  vault_collection_keys: {
    key: ["collection", "generation"],
    covered: ["collection", "generation", "state", "vault_generation", "wrapped"],
  },
  secrets: {
    key: ["id"],
    covered: ["id", "collection", "connection", "active_version", "created_at_ms"],
  },
  secret_versions: {
    key: ["secret_id", "version"],
    covered: ["secret_id", "version", "collection", "key_generation", "sealed_sha256", "created_at_ms"],
  },
  vault_blobs: {
    key: ["id"],
    covered: ["id", "kind", "size_bytes", "key_generation", "sealed_sha256", "created_at_ms"],
  },
} as const satisfies Record<string, ProtectedTable>;

export type ProtectedTableName = keyof typeof PROTECTED_TABLES;

/** Inserts a row with its MAC, and adds it to the sum. */
export async function insertProtected(
  tx: AuditedTx,
  keys: SystemKeys,
  table: ProtectedTableName,
  row: Row,
): Promise<void> {
  const mac = macOf(keys, table, row);
  const columns = [...Object.keys(row), "mac"];
  await tx.run(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`, [
    ...Object.values(row),
    mac,
  ]);
  tx.protectedRows.add(keys.sumDigest(mac));
}

/** Changes columns of a row that was read in this transaction; checks it before and gives it a new MAC. */
export async function updateProtected(
  tx: AuditedTx,
  keys: SystemKeys,
  table: ProtectedTableName,
  row: Row,
  changes: Row,
): Promise<void> {
  checkProtected(keys, table, row);
  const mac = macOf(keys, table, { ...row, ...changes });
  const assignments = [...Object.keys(changes), "mac"].map((column) => `${column} = ?`).join(", ");
  await tx.run(`UPDATE ${table} SET ${assignments} WHERE ${whereKey(table)}`, [
    ...Object.values(changes),
    mac,
    ...keyOf(table, row),
  ]);
  tx.protectedRows.remove(keys.sumDigest(bytesOf(row, "mac")));
  tx.protectedRows.add(keys.sumDigest(mac));
}

/** Deletes a row that was read in this transaction, and takes it out of the sum. */
export async function deleteProtected(
  tx: AuditedTx,
  keys: SystemKeys,
  table: ProtectedTableName,
  row: Row,
): Promise<void> {
  checkProtected(keys, table, row);
  await tx.run(`DELETE FROM ${table} WHERE ${whereKey(table)}`, keyOf(table, row));
  tx.protectedRows.remove(keys.sumDigest(bytesOf(row, "mac")));
}

/** @throws AppError `corrupt` naming table and row when any covered column was changed outside Ownkey. */
export function checkProtected(keys: SystemKeys, table: ProtectedTableName, row: Row): void {
  keys.checkRowMac(table, rowId(table, row), contentOf(table, row), bytesOf(row, "mac"));
}

/** Every row of the table with what its MAC covers (and `state` of secrets); without ciphertexts. */
export async function readProtected(queries: Queries, table: ProtectedTableName): Promise<Row[]> {
  const extra = table === "secrets" ? ["state", "mac"] : ["mac"];
  return await queries.all(
    `SELECT ${[...PROTECTED_TABLES[table].covered, ...extra].join(", ")} FROM ${table}`,
  );
}

/** One row, whole, not to be changed by others before the commit; `undefined` when there is none. */
export async function lockProtected(
  tx: Tx,
  table: ProtectedTableName,
  key: readonly Value[],
): Promise<Row | undefined> {
  return await tx.get(`SELECT * FROM ${table} WHERE ${whereKey(table)}${tx.forUpdate}`, key);
}

function macOf(keys: SystemKeys, table: ProtectedTableName, row: Row): Uint8Array {
  return keys.rowMac(table, rowId(table, row), contentOf(table, row));
}

function whereKey(table: ProtectedTableName): string {
  return PROTECTED_TABLES[table].key.map((column) => `${column} = ?`).join(" AND ");
}

function keyOf(table: ProtectedTableName, row: Row): Value[] {
  return PROTECTED_TABLES[table].key.map((column) => row[column] ?? null);
}

function rowId(table: ProtectedTableName, row: Row): string {
  return keyOf(table, row)
    .map((value) => (value instanceof Uint8Array ? "?" : String(value)))
    .join("/");
}

function contentOf(table: ProtectedTableName, row: Row): Uint8Array {
  return lengthPrefixed(...PROTECTED_TABLES[table].covered.map((column) => tagged(row[column] ?? null)));
}

/** A value with its type before it, so that 1, "1" and the byte 0x31 differ. */
function tagged(value: Value): Uint8Array {
  if (value === null) return utf8("n");
  if (value instanceof Uint8Array) return concatBytes(utf8("b"), value);
  return utf8(typeof value === "string" ? `t${value}` : `i${value}`);
}
