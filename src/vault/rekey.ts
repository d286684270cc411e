import type { AuditedTx } from "../audit/index.ts";
import { AppError, type Randomness } from "../kernel/index.ts";
import { bytesOf, intOf, type Row } from "../store/index.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { type CollectionKey, collectionKeyRow, type KeyRing, loadKeyRing } from "./key-ring.ts";
import { rootPlace, slotPlace } from "./places.ts";
import { deleteProtected, insertProtected, lockProtected, updateProtected } from "./protected-rows.ts";
import { KEY_BYTES } from "./primitives.ts";
import { damaged, keysChanged, noSuchSlot } from "./refusals.ts";
import { fillSlot, type PreparedSlot } from "./slots/new-slot.ts";
import type { SlotHost } from "./slots/slot-host.ts";
import { type Slot, slotOf, slotRow } from "./slots/slot.ts";
import { wrapDirect, wrapToPublicKey } from "./slots/wrap.ts";
import { COLLECTIONS } from "./vault.ts";

export interface Rekeying {
  /** Slot to be taken away. */
  readonly remove?: string;
  /** Slot to be added. */
  readonly add?: PreparedSlot;
  /** Keys of slots that could be read without anybody; the others get the new vault key by their public key. */
  readonly slotKeys: ReadonlyMap<string, Uint8Array>;
}

/** Just the part of a ring that wraps. */
interface NewVaultKey {
  readonly vaultId: string;
  readonly generation: number;
  readonly vaultKey: Uint8Array;
}

/**
 * Makes a new vault key and a new generation of every collection key, in one transaction: from its commit on, nothing
 * new is sealed under a key that was ever within reach of the slot taken away. What is already sealed follows in
 * small steps (`reseal.ts`); the retired generations' rows are the note that it must.
 * The protected rows must have been verified in the same transaction. Gives the ring that is true after the commit.
 */
export async function beginRekey(
  tx: AuditedTx,
  ring: KeyRing,
  rekeying: Rekeying,
  host: SlotHost,
): Promise<KeyRing> {
  const vaultRow = await lockProtected(tx, "vault", [1]);
  if (!vaultRow || intOf(vaultRow, "generation") !== ring.generation) throw keysChanged();
  const fresh = {
    vaultId: ring.vaultId,
    generation: ring.generation + 1,
    vaultKey: host.randomness(KEY_BYTES),
  };
  const added = await renewCollectionKeys(tx, ring, fresh, host.randomness);
  await renewVaultRow(tx, ring, fresh, vaultRow, added, host.randomness);
  await renewSlots(tx, ring, fresh, rekeying, host);
  const renewed = await lockProtected(tx, "vault", [1]);
  if (!renewed) throw keysChanged();
  return await loadKeyRing(tx, renewed, fresh.vaultKey);
}

/**
 * Wraps the known generations under the new vault key, as retired, and adds a new current one per collection.
 * Gives the new generations.
 */
async function renewCollectionKeys(
  tx: AuditedTx,
  ring: KeyRing,
  fresh: NewVaultKey,
  randomness: Randomness,
): Promise<CollectionKey[]> {
  for (const key of ring.collectionKeys()) {
    const row = await lockProtected(tx, "vault_collection_keys", [key.collection, key.generation]);
    if (!row) throw keysChanged();
    const changed = collectionKeyRow(fresh, { ...key, current: false }, randomness);
    await updateProtected(tx, ring.system, "vault_collection_keys", row, changed);
  }
  const added = COLLECTIONS.map((collection) => ({
    collection,
    generation: newestGeneration(ring, collection) + 1,
    current: true,
    key: randomness(KEY_BYTES),
  }));
  for (const key of added) {
    const row = collectionKeyRow(fresh, key, randomness);
    await insertProtected(tx, ring.system, "vault_collection_keys", row);
  }
  return added;
}

/** The root of the system keys is one small value: it moves to its new key at once. */
async function renewVaultRow(
  tx: AuditedTx,
  ring: KeyRing,
  fresh: NewVaultKey,
  row: Row,
  added: readonly CollectionKey[],
  randomness: Randomness,
): Promise<void> {
  const oldGeneration = intOf(row, "root_generation");
  const oldKey = ring.key("system", oldGeneration);
  const root = openEnvelope(oldKey, rootPlace(ring.vaultId, oldGeneration), bytesOf(row, "sealed_root"));
  for (const { generation, key } of added.filter(({ collection }) => collection === "system")) {
    await updateProtected(tx, ring.system, "vault", row, {
      generation: fresh.generation,
      root_generation: generation,
      sealed_root: sealEnvelope(key, rootPlace(ring.vaultId, generation), root, randomness),
    });
  }
}

async function renewSlots(
  tx: AuditedTx,
  ring: KeyRing,
  fresh: NewVaultKey,
  { remove, add, slotKeys }: Rekeying,
  host: SlotHost,
): Promise<void> {
  const rows = await tx.all(`SELECT * FROM vault_slots ORDER BY id${tx.forUpdate}`);
  checkRemoval(rows.map(slotOf), remove, add);
  for (const row of rows) {
    const slot = slotOf(row);
    if (slot.id === remove) {
      await deleteProtected(tx, ring.system, "vault_slots", row);
      await tx.run("INSERT INTO vault_removed_slots (id, kind) VALUES (?, ?)", [slot.id, slot.kind]);
      continue;
    }
    const wrapped = wrapAgain(slot, fresh, slotKeys.get(slot.id), host.randomness);
    await updateProtected(tx, ring.system, "vault_slots", row, { generation: fresh.generation, wrapped });
  }
  if (add) await insertProtected(tx, ring.system, "vault_slots", slotRow(fillSlot(add, fresh, host)));
}

/** Here, where nobody else can remove one meanwhile: a vault without a slot is lost. */
function checkRemoval(
  slots: readonly Slot[],
  remove: string | undefined,
  add: PreparedSlot | undefined,
): void {
  if (remove === undefined) return;
  if (!slots.some(({ id }) => id === remove)) throw noSuchSlot(remove);
  if (slots.length > 1 || add) return;
  throw new AppError("conflict", `${remove} is the only way to open the vault`, {
    hint: "add another one first: ownkey slots add",
  });
}

function wrapAgain(
  slot: Slot,
  { vaultId, generation, vaultKey }: NewVaultKey,
  slotKey: Uint8Array | undefined,
  randomness: Randomness,
): Uint8Array {
  const place = slotPlace(vaultId, slot, generation);
  if (slotKey) return wrapDirect(slotKey, place, vaultKey, randomness);
  const wrapped = wrapToPublicKey(slot.publicKey, place, vaultKey, randomness);
  if (wrapped) return wrapped;
  throw damaged(`the public key of the unlock slot ${slot.id} is damaged`);
}

function newestGeneration(ring: KeyRing, collection: string): number {
  const generations = ring
    .collectionKeys()
    .filter((key) => key.collection === collection)
    .map((key) => key.generation);
  return Math.max(0, ...generations);
}
