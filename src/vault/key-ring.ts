import { bytesOf, intOf, type Queries, type Row, textOf, type Tx } from "../store/index.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { collectionKeyPlace, rootPlace } from "./places.ts";
import { checkProtected } from "./protected-rows.ts";
import { damaged, isLocked, keysChanged } from "./refusals.ts";
import { SystemKeys } from "./system-keys.ts";
import { type Collection, COLLECTIONS } from "./vault.ts";

/** All keys of an unlocked vault, as one state of the store has them. In memory only. */
export class KeyRing {
  readonly vaultId: string;
  /** Generation of the vault key. */
  readonly generation: number;
  readonly system: SystemKeys;
  readonly #vaultKey: Uint8Array;
  readonly #collectionKeys: CollectionKey[];
  #wiped = false;

  constructor(parts: {
    vaultId: string;
    generation: number;
    vaultKey: Uint8Array;
    system: SystemKeys;
    collectionKeys: CollectionKey[];
  }) {
    this.vaultId = parts.vaultId;
    this.generation = parts.generation;
    this.system = parts.system;
    this.#vaultKey = parts.vaultKey;
    this.#collectionKeys = parts.collectionKeys;
  }

  /** To be wrapped for a slot, at once. @throws AppError `vault_locked` after {@link KeyRing.wipe}. */
  get vaultKey(): Uint8Array {
    if (this.#wiped) throw isLocked();
    return this.#vaultKey;
  }

  collectionKeys(): readonly CollectionKey[] {
    return this.#collectionKeys;
  }

  /**
   * To be used at once, before anything is awaited: a lock meanwhile overwrites it.
   * @throws AppError `vault_locked` after {@link KeyRing.wipe}, and for a generation made by another process after
   *   this ring was read.
   */
  key(collection: Collection, generation: number): Uint8Array {
    return this.#find((key) => key.collection === collection && key.generation === generation).key;
  }

  /**
   * Generation of the key to seal with, to be got from {@link KeyRing.key}. Holds the current generation's row until the commit, so that no re-keying can finish
   * while a row under the old generation is on its way in.
   * @throws AppError `vault_locked` when the vault was re-keyed by another process.
   */
  async lockSealingGeneration(tx: Tx, collection: Collection): Promise<number> {
    const row = await tx.get(
      `SELECT generation FROM vault_collection_keys WHERE collection = ? AND state = 'current'${tx.forUpdate}`,
      [collection],
    );
    const generation = row && intOf(row, "generation");
    return this.#find((key) => key.collection === collection && key.current && key.generation === generation)
      .generation;
  }

  /** A generation that no row refers to any more. */
  forget(collection: Collection, generation: number): void {
    const at = this.#collectionKeys.findIndex(
      (key) => key.collection === collection && key.generation === generation && !key.current,
    );
    if (at >= 0) this.#collectionKeys.splice(at, 1)[0]?.key.fill(0);
  }

  /** Overwrites all but the system keys, which may outlive the ring (see `lock.ts`). */
  wipe(): void {
    this.#wiped = true;
    this.#vaultKey.fill(0);
    for (const { key } of this.#collectionKeys.splice(0)) key.fill(0);
  }

  #find(wanted: (key: CollectionKey) => boolean): CollectionKey {
    if (this.#wiped) throw isLocked();
    const found = this.#collectionKeys.find(wanted);
    if (found) return found;
    throw keysChanged();
  }
}

export interface CollectionKey {
  readonly collection: Collection;
  readonly generation: number;
  /** New rows are sealed with it; the others only open what was sealed before. */
  readonly current: boolean;
  readonly key: Uint8Array;
}

/** The vault's own row, which says that there is a vault. */
export async function readVaultRow(queries: Queries): Promise<Row | undefined> {
  return await queries.get("SELECT * FROM vault WHERE singleton = 1");
}

/**
 * Opens everything under the vault key; each row's MAC is checked.
 * @throws AppError `corrupt` when a row was changed or is missing.
 */
export async function loadKeyRing(queries: Queries, vaultRow: Row, vaultKey: Uint8Array): Promise<KeyRing> {
  const vaultId = textOf(vaultRow, "id");
  const generation = intOf(vaultRow, "generation");
  const rows = await queries.all("SELECT * FROM vault_collection_keys ORDER BY collection, generation");
  const collectionKeys = rows.map((row) => openCollectionKey(vaultId, generation, vaultKey, row));
  const system = openSystemKeys(vaultRow, collectionKeys);
  checkProtected(system, "vault", vaultRow);
  for (const row of rows) checkProtected(system, "vault_collection_keys", row);
  for (const collection of COLLECTIONS) {
    const current = collectionKeys.filter((key) => key.collection === collection && key.current);
    if (current.length !== 1)
      throw damaged(`the collection ${collection} has ${current.length} current keys`);
  }
  return new KeyRing({ vaultId, generation, vaultKey, system, collectionKeys });
}

function openCollectionKey(
  vaultId: string,
  vaultGeneration: number,
  vaultKey: Uint8Array,
  row: Row,
): CollectionKey {
  const collection = collectionOf(row);
  const generation = intOf(row, "generation");
  const place = collectionKeyPlace(vaultId, collection, generation, vaultGeneration);
  const key = openEnvelope(vaultKey, place, bytesOf(row, "wrapped"));
  return { collection, generation, current: row.state === "current", key };
}

function openSystemKeys(vaultRow: Row, keys: readonly CollectionKey[]): SystemKeys {
  const generation = intOf(vaultRow, "root_generation");
  const key = keys.find((key) => key.collection === "system" && key.generation === generation);
  if (!key) throw damaged(`the key of the collection system, generation ${generation}, is missing`);
  const vaultId = textOf(vaultRow, "id");
  const root = openEnvelope(key.key, rootPlace(vaultId, generation), bytesOf(vaultRow, "sealed_root"));
  return new SystemKeys(vaultId, root);
}

/** The row that wraps a collection key under the vault key. */
export function collectionKeyRow(
  ring: Pick<KeyRing, "vaultId" | "generation" | "vaultKey">,
  { collection, generation, current, key }: CollectionKey,
  randomness: (sizeBytes: number) => Uint8Array,
): Row {
  const place = collectionKeyPlace(ring.vaultId, collection, generation, ring.generation);
  return {
    collection,
    generation,
    state: current ? "current" : "retired",
    vault_generation: ring.generation,
    wrapped: sealEnvelope(ring.vaultKey, place, key, randomness),
  };
}

/** @throws AppError `corrupt` when the column holds no collection. */
export function collectionOf(row: Row): Collection {
  const collection = COLLECTIONS.find((collection) => collection === row.collection);
  if (collection) return collection;
  throw damaged("a row of the vault belongs to an unknown collection");
}
