import type { AuditedTx } from "../audit/index.ts";
import { AppError } from "../kernel/index.ts";
import { type Row, textOf } from "../store/index.ts";
import { tombstoneDigest } from "./protected-sum.ts";
import { damaged } from "./refusals.ts";
import { SECRET_STATES, type SecretState } from "./vault.ts";

// The state stands outside encryption and row MAC, so that it can be set while the vault is locked; the protected
// rows' sum counts each tombstone.

/** @throws AppError `corrupt` when the column holds no state. */
export function stateOf(row: Row): SecretState {
  const state = SECRET_STATES.find((state) => state === row.state);
  if (state) return state;
  throw damaged(`the state of the secret ${textOf(row, "id")} is damaged`);
}

/** @throws AppError `not_found` for a removed secret, `denied` for one in another state than those allowed. */
export function refuseTombstone(id: string, state: SecretState, allowed: readonly SecretState[]): void {
  if (allowed.includes(state)) return;
  if (state === "removed") throw noSuchSecret(id);
  throw new AppError("denied", `the secret ${id} is ${state}`, {
    hint: state === "disabled" ? "enable it with: ownkey keys enable REF" : "add the key anew",
  });
}

export async function writeState(
  tx: AuditedTx,
  vaultId: string,
  id: string,
  { before, after }: { before: SecretState; after: SecretState },
): Promise<void> {
  await tx.run("UPDATE secrets SET state = ? WHERE id = ?", [after, id]);
  if (before !== "active") tx.protectedRows.remove(tombstoneDigest(vaultId, id, before));
  if (after !== "active") tx.protectedRows.add(tombstoneDigest(vaultId, id, after));
}

export function noSuchSecret(id: string): AppError {
  return new AppError("not_found", `there is no secret ${id}`);
}
