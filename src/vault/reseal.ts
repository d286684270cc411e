import type { AuditedTx } from "../audit/index.ts";
import type { Randomness } from "../kernel/index.ts";
import { bytesOf, intOf, optionalBytesOf, type Queries, type Row, textOf } from "../store/index.ts";
import { openEnvelope, type Place, sealEnvelope } from "./envelope.ts";
import { collectionOf, type KeyRing } from "./key-ring.ts";
import { blobPlace, versionPlace } from "./places.ts";
import {
  deleteProtected,
  lockProtected,
  type ProtectedTableName,
  updateProtected,
} from "./protected-rows.ts";
import { sha256 } from "./primitives.ts";
import type { Collection } from "./vault.ts";

const VERSIONS_PER_STEP = 200;
/** Each may have 16 MiB. */
const BLOBS_PER_STEP = 2;

/** True while a retired generation is left: that is the note that a re-keying is not finished. */
export async function hasRetiredKeys(queries: Queries): Promise<boolean> {
  return (
    (await queries.get("SELECT 1 AS found FROM vault_collection_keys WHERE state <> 'current' LIMIT 1")) !==
    undefined
  );
}

/**
 * Seals some rows again that are still under a retired generation; gives their number, 0 when none is left.
 * Each row is done or not done: whatever stops this between two calls, the next call goes on.
 */
export async function resealSome(tx: AuditedTx, ring: KeyRing, randomness: Randomness): Promise<number> {
  return (await resealVersions(tx, ring, randomness)) || (await resealBlobs(tx, ring, randomness));
}

/** Deletes the retired generations that no row refers to. Their keys are gone for good then. */
export async function dropRetiredKeys(
  tx: AuditedTx,
  ring: KeyRing,
): Promise<{ collection: Collection; generation: number }[]> {
  const rows = await tx.all(
    `SELECT * FROM vault_collection_keys WHERE state <> 'current' ORDER BY collection, generation${tx.forUpdate}`,
  );
  const dropped: { collection: Collection; generation: number }[] = [];
  for (const row of rows) {
    const collection = collectionOf(row);
    const generation = intOf(row, "generation");
    if (await isInUse(tx, collection, generation)) continue;
    await deleteProtected(tx, ring.system, "vault_collection_keys", row);
    dropped.push({ collection, generation });
  }
  return dropped;
}

async function resealVersions(tx: AuditedTx, ring: KeyRing, randomness: Randomness): Promise<number> {
  const rows = await tx.all(
    `SELECT v.secret_id, v.version, s.connection
     FROM secret_versions v
     JOIN secrets s ON s.id = v.secret_id
     JOIN vault_collection_keys k ON k.collection = v.collection AND k.generation = v.key_generation
     WHERE k.state <> 'current' AND v.sealed IS NOT NULL
     ORDER BY v.secret_id, v.version LIMIT ${VERSIONS_PER_STEP}`,
  );
  for (const found of rows) {
    const row = await lockProtected(tx, "secret_versions", [
      textOf(found, "secret_id"),
      intOf(found, "version"),
    ]);
    if (!row || optionalBytesOf(row, "sealed") === undefined) continue;
    const collection = collectionOf(row);
    await resealRow(tx, ring, "secret_versions", row, collection, randomness, (keyGeneration) =>
      versionPlace(ring.vaultId, {
        secretId: textOf(row, "secret_id"),
        version: intOf(row, "version"),
        collection,
        keyGeneration,
        connection: textOf(found, "connection"),
      }),
    );
  }
  return rows.length;
}

async function resealBlobs(tx: AuditedTx, ring: KeyRing, randomness: Randomness): Promise<number> {
  const rows = await tx.all(
    `SELECT b.id
     FROM vault_blobs b
     JOIN vault_collection_keys k ON k.collection = 'blobs' AND k.generation = b.key_generation
     WHERE k.state <> 'current' ORDER BY b.id LIMIT ${BLOBS_PER_STEP}`,
  );
  for (const { id } of rows) {
    const row = await lockProtected(tx, "vault_blobs", [id ?? null]);
    if (!row) continue;
    await resealRow(tx, ring, "vault_blobs", row, "blobs", randomness, (keyGeneration) =>
      blobPlace(ring.vaultId, textOf(row, "id"), textOf(row, "kind"), keyGeneration),
    );
  }
  return rows.length;
}

async function resealRow(
  tx: AuditedTx,
  ring: KeyRing,
  table: ProtectedTableName,
  row: Row,
  collection: Collection,
  randomness: Randomness,
  place: (keyGeneration: number) => Place,
): Promise<void> {
  const generation = await ring.lockSealingGeneration(tx, collection);
  const old = intOf(row, "key_generation");
  if (old === generation) return;
  const content = openEnvelope(ring.key(collection, old), place(old), bytesOf(row, "sealed"));
  const sealed = sealEnvelope(ring.key(collection, generation), place(generation), content, randomness);
  content.fill(0);
  await updateProtected(tx, ring.system, table, row, {
    key_generation: generation,
    sealed,
    sealed_sha256: sha256(sealed),
  });
}

async function isInUse(tx: AuditedTx, collection: Collection, generation: number): Promise<boolean> {
  const queries = [
    "SELECT 1 AS found FROM secret_versions WHERE collection = ? AND key_generation = ? AND sealed IS NOT NULL LIMIT 1",
    "SELECT 1 AS found FROM vault_blobs WHERE ? = 'blobs' AND key_generation = ? LIMIT 1",
    "SELECT 1 AS found FROM vault WHERE ? = 'system' AND root_generation = ? LIMIT 1",
  ];
  for (const query of queries) if (await tx.get(query, [collection, generation])) return true;
  return false;
}
