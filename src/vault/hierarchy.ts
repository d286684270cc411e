import type { AuditedTx } from "../audit/index.ts";
import type { Row } from "../store/index.ts";
import { sealEnvelope } from "./envelope.ts";
import { collectionKeyRow, KeyRing } from "./key-ring.ts";
import { rootPlace } from "./places.ts";
import { insertProtected } from "./protected-rows.ts";
import { KEY_BYTES } from "./primitives.ts";
import { fillSlot, type PreparedSlot } from "./slots/new-slot.ts";
import type { SlotHost } from "./slots/slot-host.ts";
import { slotRow } from "./slots/slot.ts";
import { SystemKeys } from "./system-keys.ts";
import { COLLECTIONS } from "./vault.ts";

/**
 * The hierarchy of a new vault: slots wrap the vault key, the vault key wraps one key per collection, a collection key
 * makes a key per envelope. The root of the system keys is sealed like a secret of the collection `system`.
 */
export interface NewHierarchy {
  readonly ring: KeyRing;
  readonly root: Uint8Array;
}

export function newHierarchy(vaultId: string, { randomness }: SlotHost): NewHierarchy {
  const root = randomness(KEY_BYTES);
  const ring = new KeyRing({
    vaultId,
    generation: 1,
    vaultKey: randomness(KEY_BYTES),
    system: new SystemKeys(vaultId, root),
    collectionKeys: COLLECTIONS.map((collection) => ({
      collection,
      generation: 1,
      current: true,
      key: randomness(KEY_BYTES),
    })),
  });
  return { ring, root };
}

/** Writes vault, collection keys and the first slot; all or nothing, as part of `tx`. */
export async function insertHierarchy(
  tx: AuditedTx,
  { ring, root }: NewHierarchy,
  slot: PreparedSlot,
  host: SlotHost,
): Promise<void> {
  await insertProtected(tx, ring.system, "vault", vaultRow(ring, root, host));
  for (const key of ring.collectionKeys()) {
    const row = collectionKeyRow(ring, key, host.randomness);
    await insertProtected(tx, ring.system, "vault_collection_keys", row);
  }
  await insertProtected(tx, ring.system, "vault_slots", slotRow(fillSlot(slot, ring, host)));
}

function vaultRow(ring: KeyRing, root: Uint8Array, { clock, randomness }: SlotHost): Row {
  const place = rootPlace(ring.vaultId, 1);
  return {
    singleton: 1,
    id: ring.vaultId,
    generation: ring.generation,
    root_generation: 1,
    sealed_root: sealEnvelope(ring.key("system", 1), place, root, randomness),
    created_at_ms: clock.nowMs(),
  };
}
