import type { AuditedTx } from "../audit/index.ts";
import { AppError, type Clock, type Randomness } from "../kernel/index.ts";
import { bytesOf, intOf, type Queries, type Row, textOf } from "../store/index.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import type { Lock } from "./lock.ts";
import { blobPlace } from "./places.ts";
import { checkProtected, deleteProtected, insertProtected, lockProtected } from "./protected-rows.ts";
import { sha256 } from "./primitives.ts";
import type { BlobInfo } from "./managed-vault.ts";

export const MAX_BLOB_BYTES = 16 * 1024 * 1024;

export interface BlobsOptions {
  vaultId: string;
  lock: Lock;
  clock: Clock;
  randomness: Randomness;
}

/** Small encrypted files, such as what a tool's settings were before Ownkey changed them. One envelope each. */
export class Blobs {
  readonly #vaultId: string;
  readonly #lock: Lock;
  readonly #clock: Clock;
  readonly #randomness: Randomness;

  constructor({ vaultId, lock, clock, randomness }: BlobsOptions) {
    this.#vaultId = vaultId;
    this.#lock = lock;
    this.#clock = clock;
    this.#randomness = randomness;
  }

  async put(tx: AuditedTx, id: string, kind: string, bytes: Uint8Array): Promise<void> {
    const ring = this.#lock.ring();
    if (bytes.length > MAX_BLOB_BYTES) {
      throw new AppError("too_large", `${bytes.length} bytes are more than the ${MAX_BLOB_BYTES} of a blob`);
    }
    if (await tx.get("SELECT id FROM vault_blobs WHERE id = ?", [id])) {
      throw new AppError("already_exists", `there is already a blob ${id}`);
    }
    const generation = await ring.lockSealingGeneration(tx, "blobs");
    const place = blobPlace(this.#vaultId, id, kind, generation);
    const sealed = sealEnvelope(ring.key("blobs", generation), place, bytes, this.#randomness);
    await insertProtected(tx, ring.system, "vault_blobs", {
      id,
      kind,
      size_bytes: bytes.length,
      key_generation: generation,
      sealed,
      sealed_sha256: sha256(sealed),
      created_at_ms: this.#clock.nowMs(),
    });
  }

  async get(tx: AuditedTx, id: string): Promise<{ info: BlobInfo; bytes: Uint8Array } | undefined> {
    const ring = this.#lock.ring();
    const row = await tx.get("SELECT * FROM vault_blobs WHERE id = ?", [id]);
    if (!row) return undefined;
    checkProtected(ring.system, "vault_blobs", row);
    const info = infoOf(row);
    const generation = intOf(row, "key_generation");
    const place = blobPlace(this.#vaultId, id, info.kind, generation);
    return { info, bytes: openEnvelope(ring.key("blobs", generation), place, bytesOf(row, "sealed")) };
  }

  async remove(tx: AuditedTx, id: string): Promise<boolean> {
    const { system } = this.#lock.ring();
    const row = await lockProtected(tx, "vault_blobs", [id]);
    if (row) await deleteProtected(tx, system, "vault_blobs", row);
    return row !== undefined;
  }

  async list(queries: Queries): Promise<BlobInfo[]> {
    const rows = await queries.all(
      "SELECT id, kind, size_bytes, created_at_ms FROM vault_blobs ORDER BY created_at_ms, id",
    );
    return rows.map(infoOf);
  }
}

function infoOf(row: Row): BlobInfo {
  return {
    id: textOf(row, "id"),
    kind: textOf(row, "kind"),
    sizeBytes: intOf(row, "size_bytes"),
    createdAtMs: intOf(row, "created_at_ms"),
  };
}
