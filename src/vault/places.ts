import { lengthPrefixed } from "../kernel/index.ts";
import type { Place } from "./envelope.ts";
import type { Collection } from "./vault.ts";

/** Where each kind of envelope belongs: the associated data of everything that the vault seals. */
export function collectionKeyPlace(
  vaultId: string,
  collection: Collection,
  generation: number,
  vaultGeneration: number,
): Place {
  const binding = lengthPrefixed(vaultGeneration);
  return { vaultId, table: "vault_collection_keys", recordId: collection, version: generation, binding };
}

export function rootPlace(vaultId: string, keyGeneration: number): Place {
  const binding = lengthPrefixed(keyGeneration);
  return { vaultId, table: "vault", recordId: "root", version: 1, binding };
}

export interface SlotPlace {
  readonly id: string;
  readonly kind: string;
  readonly parameters: string;
  readonly publicKey: Uint8Array;
}

/** Binds the parameters: nobody can make a slot's derivation cheaper, or put another public key into its row. */
export function slotPlace(vaultId: string, slot: SlotPlace, vaultGeneration: number): Place {
  const binding = lengthPrefixed(slot.kind, slot.parameters, slot.publicKey);
  return { vaultId, table: "vault_slots", recordId: slot.id, version: vaultGeneration, binding };
}

export interface VersionPlace {
  readonly secretId: string;
  readonly version: number;
  readonly collection: Collection;
  readonly keyGeneration: number;
  readonly connection: string;
}

export function versionPlace(vaultId: string, place: VersionPlace): Place {
  const binding = lengthPrefixed(place.collection, place.keyGeneration, place.connection);
  return { vaultId, table: "secret_versions", recordId: place.secretId, version: place.version, binding };
}

export function blobPlace(vaultId: string, id: string, kind: string, keyGeneration: number): Place {
  return {
    vaultId,
    table: "vault_blobs",
    recordId: id,
    version: 1,
    binding: lengthPrefixed(keyGeneration, kind),
  };
}
