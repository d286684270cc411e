import type { AuditedTx } from "../audit/index.ts";
import { AppError, type Clock, type Randomness } from "../kernel/index.ts";
import { intOf, optionalBytesOf, optionalIntOf, type Queries, type Row, textOf } from "../store/index.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { collectionOf } from "./key-ring.ts";
import type { Lock } from "./lock.ts";
import { versionPlace } from "./places.ts";
import { checkProtected, insertProtected, lockProtected, updateProtected } from "./protected-rows.ts";
import { sha256 } from "./primitives.ts";
import { damaged } from "./refusals.ts";
import { decodePayload, encodePayload } from "./secret-payload.ts";
import { noSuchSecret, refuseTombstone, stateOf, writeState } from "./secret-state.ts";
import type { Collection, OpenedSecret, SealedSecret, SecretInfo } from "./vault.ts";

export interface SecretsOptions {
  vaultId: string;
  lock: Lock;
  clock: Clock;
  randomness: Randomness;
}

/** Versioned secrets: the part of `Vault` that is documented there. */
export class Secrets {
  readonly #vaultId: string;
  readonly #lock: Lock;
  readonly #clock: Clock;
  readonly #randomness: Randomness;

  constructor({ vaultId, lock, clock, randomness }: SecretsOptions) {
    this.#vaultId = vaultId;
    this.#lock = lock;
    this.#clock = clock;
    this.#randomness = randomness;
  }

  async create(tx: AuditedTx, collection: Collection, id: string, secret: SealedSecret): Promise<void> {
    const { system } = this.#lock.ring();
    if (await tx.get("SELECT id FROM secrets WHERE id = ?", [id])) {
      throw new AppError("already_exists", `there is already a secret ${id}`);
    }
    const row = {
      id,
      collection,
      connection: secret.connection ?? "",
      active_version: null,
      created_at_ms: this.#clock.nowMs(),
    };
    await insertProtected(tx, system, "secrets", { ...row, state: "active" });
    await this.#addVersion(tx, row, 1, secret);
  }

  async put(tx: AuditedTx, id: string, secret: SealedSecret): Promise<number> {
    const row = await this.#lockRow(tx, id);
    refuseTombstone(id, stateOf(row), ["active", "disabled"]);
    checkProtected(this.#lock.ring().system, "secrets", row);
    if (secret.connection !== undefined && secret.connection !== textOf(row, "connection")) {
      throw new AppError("conflict", `the secret ${id} belongs to another connection`);
    }
    const version = ((await lastVersionsOf(tx, [id])).get(id) ?? 0) + 1;
    await this.#addVersion(tx, row, version, secret);
    return version;
  }

  async activate(tx: AuditedTx, id: string, version: number): Promise<void> {
    const row = await this.#lockRow(tx, id);
    refuseTombstone(id, stateOf(row), ["active", "disabled"]);
    await this.#openVersion(tx, row, version);
    await updateProtected(tx, this.#lock.ring().system, "secrets", row, { active_version: version });
  }

  async open(tx: AuditedTx, id: string, version?: number): Promise<OpenedSecret> {
    const row = await tx.get("SELECT * FROM secrets WHERE id = ?", [id]);
    if (!row) throw noSuchSecret(id);
    refuseTombstone(id, stateOf(row), ["active"]);
    checkProtected(this.#lock.ring().system, "secrets", row);
    const wanted = version ?? optionalIntOf(row, "active_version");
    if (wanted === undefined) throw new AppError("not_found", `no version of the secret ${id} is active`);
    return await this.#openVersion(tx, row, wanted);
  }

  async setState(tx: AuditedTx, id: string, state: "active" | "disabled" | "revoked"): Promise<void> {
    const row = await this.#lockRow(tx, id);
    const before = stateOf(row);
    if (before === state) return;
    if (before === "removed") throw noSuchSecret(id);
    if (before === "revoked") {
      throw new AppError("conflict", `the secret ${id} is revoked for good`, {
        hint: "add the key anew with: ownkey keys add",
      });
    }
    // Back to life only with the vault open, and only a genuine row; tombstones can be set at any time.
    if (state === "active") checkProtected(this.#lock.ring().system, "secrets", row);
    await writeState(tx, this.#vaultId, id, { before, after: state });
  }

  async remove(tx: AuditedTx, id: string): Promise<void> {
    const row = await this.#lockRow(tx, id);
    const before = stateOf(row);
    if (before === "removed") return;
    await writeState(tx, this.#vaultId, id, { before, after: "removed" });
    await tx.run("UPDATE secret_versions SET sealed = NULL WHERE secret_id = ?", [id]);
  }

  async info(queries: Queries, id: string): Promise<SecretInfo | undefined> {
    return (await this.infos(queries, [id])).get(id);
  }

  async infos(queries: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, SecretInfo>> {
    const infos = new Map<string, SecretInfo>();
    for (let from = 0; from < ids.length; from += MAX_IDS) {
      const some = ids.slice(from, from + MAX_IDS);
      const lastVersions = await lastVersionsOf(queries, some);
      for (const row of await queries.all(`SELECT * FROM secrets WHERE id IN (${marks(some)})`, some)) {
        const id = textOf(row, "id");
        infos.set(id, this.#infoOf(row, lastVersions.get(id) ?? 0));
      }
    }
    return infos;
  }

  #infoOf(row: Row, lastVersion: number): SecretInfo {
    const system = this.#lock.systemIfAny();
    if (system) checkProtected(system, "secrets", row);
    const state = stateOf(row);
    return {
      id: textOf(row, "id"),
      collection: collectionOf(row),
      state,
      activeVersion: state === "removed" ? null : (optionalIntOf(row, "active_version") ?? null),
      lastVersion,
    };
  }

  async #lockRow(tx: AuditedTx, id: string): Promise<Row> {
    const row = await lockProtected(tx, "secrets", [id]);
    if (!row) throw noSuchSecret(id);
    return row;
  }

  async #addVersion(tx: AuditedTx, row: Row, version: number, secret: SealedSecret): Promise<void> {
    const ring = this.#lock.ring();
    const collection = collectionOf(row);
    const payload = encodePayload(secret);
    const generation = await ring.lockSealingGeneration(tx, collection);
    const key = ring.key(collection, generation);
    const sealed = sealEnvelope(key, this.#place(row, version, generation), payload, this.#randomness);
    await insertProtected(tx, ring.system, "secret_versions", {
      secret_id: textOf(row, "id"),
      version,
      collection,
      key_generation: generation,
      sealed,
      sealed_sha256: sha256(sealed),
      created_at_ms: this.#clock.nowMs(),
    });
  }

  async #openVersion(tx: AuditedTx, row: Row, version: number): Promise<OpenedSecret> {
    const ring = this.#lock.ring();
    const id = textOf(row, "id");
    const found = await tx.get("SELECT * FROM secret_versions WHERE secret_id = ? AND version = ?", [
      id,
      version,
    ]);
    if (!found) throw new AppError("not_found", `the secret ${id} has no version ${version}`);
    checkProtected(ring.system, "secret_versions", found);
    const sealed = optionalBytesOf(found, "sealed");
    if (!sealed) throw await this.#whyShredded(tx, id, version);
    const generation = intOf(found, "key_generation");
    const key = ring.key(collectionOf(row), generation);
    const payload = openEnvelope(key, this.#place(row, version, generation), sealed);
    return { ...decodePayload(payload), connection: textOf(row, "connection"), version };
  }

  /** Removed between the two reads, as may be on PostgreSQL; nothing else takes a ciphertext away. */
  async #whyShredded(tx: AuditedTx, id: string, version: number): Promise<AppError> {
    const row = await tx.get("SELECT * FROM secrets WHERE id = ?", [id]);
    return row && stateOf(row) === "removed"
      ? noSuchSecret(id)
      : damaged(`the ciphertext of secret ${id} version ${version} is missing`);
  }

  #place(row: Row, version: number, keyGeneration: number) {
    return versionPlace(this.#vaultId, {
      secretId: textOf(row, "id"),
      version,
      collection: collectionOf(row),
      keyGeneration,
      connection: textOf(row, "connection"),
    });
  }
}

/** Parameters of one statement: every engine takes as many. */
const MAX_IDS = 500;

function marks(ids: readonly string[]): string {
  return ids.map(() => "?").join(", ");
}

async function lastVersionsOf(
  queries: Queries,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await queries.all(
    `SELECT secret_id, MAX(version) AS last FROM secret_versions WHERE secret_id IN (${marks(ids)}) GROUP BY secret_id`,
    ids,
  );
  return new Map(rows.map((row) => [textOf(row, "secret_id"), intOf(row, "last")]));
}
