import type { AuditedTx, AuditHead } from "../audit/index.ts";
import { AppError, equalBytes, lengthPrefixed } from "../kernel/index.ts";
import { bytesOf, type Queries, textOf } from "../store/index.ts";
import {
  checkProtected,
  PROTECTED_TABLES,
  type ProtectedTableName,
  readProtected,
} from "./protected-rows.ts";
import { sha256 } from "./primitives.ts";
import { damaged } from "./refusals.ts";
import type { SystemKeys } from "./system-keys.ts";

const TABLES = Object.keys(PROTECTED_TABLES) as ProtectedTableName[];
const SUM_BYTES = 32;

/**
 * What a disabled, revoked or removed secret adds to the protected rows' sum: without it, taking a tombstone away in
 * the database would go unnoticed. Without a key, as tombstones are set while the vault is locked, too; there are
 * only as many of them as secrets.
 */
export function tombstoneDigest(vaultId: string, secretId: string, state: string): Uint8Array {
  return sha256(lengthPrefixed("ownkey tombstone 1", vaultId, secretId, state));
}

/**
 * Recomputes the sum over all protected rows and compares it with the audit log's head. Rows and head must have been
 * read in one transaction.
 * @throws AppError `corrupt` naming a row that was changed; `rolled_back` when every row is genuine but they are not
 *   the rows of now: one was put back, copied, or taken away.
 */
export async function verifyProtectedRows(
  queries: Queries,
  vaultId: string,
  keys: SystemKeys,
  head: AuditHead,
): Promise<void> {
  const sum = await protectedSum(queries, vaultId, keys);
  if (equalBytes(sum, head.protectedSum)) return;
  throw new AppError("rolled_back", "the vault's rows are genuine, but not those of the audit log's head", {
    hint:
      "a row was put back, copied or taken away: restore a backup with: ownkey backup restore FILE; " +
      `or accept the rows as they are with: ownkey up --accept-epoch ${head.size}`,
    details: { auditSize: head.size },
  });
}

/** Puts another sum into the head, for somebody who knows why the rows differ. */
export function replaceSum(tx: AuditedTx, head: AuditHead, sum: Uint8Array): void {
  tx.protectedRows.remove(head.protectedSum);
  tx.protectedRows.add(sum);
}

/** The sum over the rows as they are. @throws AppError `corrupt` naming a row that was changed. */
export async function protectedSum(queries: Queries, vaultId: string, keys: SystemKeys): Promise<Uint8Array> {
  const sum = new Uint8Array(SUM_BYTES);
  for (const table of TABLES) {
    for (const row of await readProtected(queries, table)) {
      checkProtected(keys, table, row);
      addTo(sum, keys.sumDigest(bytesOf(row, "mac")));
      if (table !== "secrets" || row.state === "active") continue;
      addTo(sum, tombstoneDigest(vaultId, textOf(row, "id"), textOf(row, "state")));
    }
  }
  await checkShredding(queries);
  return sum;
}

/** No MAC covers whether a ciphertext is there: exactly the removed secrets have none. */
async function checkShredding(queries: Queries): Promise<void> {
  const row = await queries.get(
    `SELECT s.id FROM secret_versions v JOIN secrets s ON s.id = v.secret_id
     WHERE (s.state = 'removed') <> (v.sealed IS NULL) LIMIT 1`,
  );
  if (!row) return;
  throw damaged(`the ciphertext of the secret ${textOf(row, "id")} was taken away or put back`);
}

/** Addition modulo 2²⁵⁶, big endian: the carry of the first byte is dropped. */
function addTo(sum: Uint8Array, digest: Uint8Array): void {
  let carry = 0;
  for (let at = SUM_BYTES - 1; at >= 0; at--) {
    const total = (sum[at] ?? 0) + (digest[at] ?? 0) + carry;
    sum[at] = total & 0xff;
    carry = total >> 8;
  }
}
