import { AppError, type Clock, utf8 } from "../kernel/index.ts";
import { bytesOf, intOf, type Queries, type Row, type Store } from "../store/index.ts";
import { type Checkpoint, checkpointKeyId, checkpointText } from "./checkpoint-note.ts";
import type { Signer } from "./entry.ts";
import { frontierOf, readHead, type StoredHead } from "./head.ts";
import { verifyConsistency } from "./proofs.ts";
import { proveConsistency } from "./tree-reader.ts";

/** The vault as signer of checkpoints; its id names the log. */
export interface CheckpointSigner extends Signer {
  readonly id: string;
}

/**
 * Signs the log as it stands and keeps the signature; for a timer, and before a backup. Only what continues the last
 * checkpoint is signed, so that no two signed checkpoints contradict each other.
 * `undefined` when there is nothing new, the signer is locked, or the log is damaged: {@link verify} tells how.
 */
export async function checkpoint(
  store: Store,
  signer: CheckpointSigner,
  clock: Clock,
): Promise<Checkpoint | undefined> {
  return await store.tx(async (tx) => {
    const head = await readHead(tx);
    const last = await lastCheckpoint(tx);
    const publicKey = signer.publicKey();
    if (!head || !publicKey || head.size <= (last?.size ?? 0)) return undefined;
    if (!(await isContinued(tx, head, last))) return undefined;

    const atMs = clock.nowMs();
    const signature = signer.sign(utf8(checkpointText(signer.id, { ...head, atMs })));
    if (!signature) return undefined;
    const keyId = checkpointKeyId(signer.id, publicKey);
    await tx.run(
      `INSERT INTO audit_checkpoints (size, at_ms, root, key_id, signature) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (size) DO NOTHING`,
      [head.size, atMs, head.root, keyId, signature],
    );
    return { size: head.size, atMs, root: head.root, keyId, signature };
  });
}

/** Whether the head is sound and the stored tree proves that it begins with what was signed last. */
async function isContinued(
  queries: Queries,
  head: StoredHead,
  last: Checkpoint | undefined,
): Promise<boolean> {
  try {
    frontierOf(head);
    if (!last) return true;
    const proof = await proveConsistency(queries, last.size, head.size);
    const [first, second] = [last.size, head.size];
    return verifyConsistency({ first, second, firstRoot: last.root, secondRoot: head.root, proof });
  } catch (error) {
    if (error instanceof AppError && (error.code === "corrupt" || error.code === "not_found")) return false;
    throw error;
  }
}

/** The newest checkpoint, if there is one. */
export async function lastCheckpoint(queries: Queries): Promise<Checkpoint | undefined> {
  const row = await queries.get(`SELECT ${COLUMNS} FROM audit_checkpoints ORDER BY size DESC LIMIT 1`);
  return row && checkpointOf(row);
}

/** Checkpoints of sizes above `after` up to `upTo`, smallest first. */
export async function checkpointsBetween(
  queries: Queries,
  after: number,
  upTo: number,
): Promise<Checkpoint[]> {
  const rows = await queries.all(
    `SELECT ${COLUMNS} FROM audit_checkpoints WHERE size > ? AND size <= ? ORDER BY size`,
    [after, upTo],
  );
  return rows.map(checkpointOf);
}

const COLUMNS = "size, at_ms, root, key_id, signature";

function checkpointOf(row: Row): Checkpoint {
  return {
    size: intOf(row, "size"),
    atMs: intOf(row, "at_ms"),
    root: bytesOf(row, "root"),
    keyId: bytesOf(row, "key_id"),
    signature: bytesOf(row, "signature"),
  };
}
