import { type Clock, utf8 } from "../kernel/index.ts";
import { bytesOf, intOf, optionalIntOf, type Queries, type Row, type Store } from "../store/index.ts";
import { type Checkpoint, checkpointKeyId, checkpointText } from "./checkpoint-note.ts";
import type { Signer } from "./entry.ts";
import { readHead } from "./head.ts";

/** The vault as signer of checkpoints; its id names the log. */
export interface CheckpointSigner extends Signer {
  readonly id: string;
}

/**
 * Signs the log as it stands and keeps the signature. `undefined` when there is nothing new since the last
 * checkpoint, or the signer is locked. For a timer, and before a backup.
 */
export async function checkpoint(
  store: Store,
  signer: CheckpointSigner,
  clock: Clock,
): Promise<Checkpoint | undefined> {
  return await store.tx(async (tx) => {
    const head = await readHead(tx);
    const last = await tx.get("SELECT MAX(size) AS size FROM audit_checkpoints");
    const signedSize = last === undefined ? 0 : (optionalIntOf(last, "size") ?? 0);
    if (!head || head.size <= signedSize) return undefined;

    const atMs = clock.nowMs();
    const publicKey = signer.publicKey();
    const signature = signer.sign(utf8(checkpointText(signer.id, { ...head, atMs })));
    if (!publicKey || !signature) return undefined;

    const keyId = checkpointKeyId(signer.id, publicKey);
    await tx.run(
      `INSERT INTO audit_checkpoints (size, at_ms, root, key_id, signature) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (size) DO NOTHING`,
      [head.size, atMs, head.root, keyId, signature],
    );
    return { size: head.size, atMs, root: head.root, keyId, signature };
  });
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
