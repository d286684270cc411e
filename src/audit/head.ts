import { AppError, equalBytes } from "../kernel/index.ts";
import { bytesOf, intOf, type Queries, type Row, type Tx } from "../store/index.ts";
import type { AuditHead } from "./log.ts";
import { emptyRoot, HASH_SIZE_BYTES, MerkleFrontier } from "./merkle.ts";
import { emptySum } from "./protected-sum.ts";

/** The head row as stored: what {@link AuditHead} says, and the subtrees that the next append continues from. */
export interface StoredHead extends AuditHead {
  /** {@link MerkleFrontier} as bytes. */
  readonly subtrees: Uint8Array;
}

const SELECT_HEAD = "SELECT size, root, subtrees, protected_sum FROM audit_head WHERE id = 1";

/** `undefined` before the first append. */
export async function readHead(queries: Queries): Promise<StoredHead | undefined> {
  const row = await queries.get(SELECT_HEAD);
  return row && headOf(row);
}

export const emptyHead = (): StoredHead => ({
  size: 0,
  root: emptyRoot(),
  subtrees: new Uint8Array(),
  protectedSum: emptySum(),
});

/**
 * Locks the head row, making it for the first entry. Whoever calls takes no further lock: that keeps the order of
 * locks the same for everybody.
 * @throws AppError `corrupt` when the row is missing though there are entries, or does not match itself.
 */
export async function lockHead(tx: Tx): Promise<{ frontier: MerkleFrontier; protectedSum: Uint8Array }> {
  const row = (await tx.get(SELECT_HEAD + tx.forUpdate)) ?? (await makeHead(tx));
  const head = headOf(row);
  return { frontier: frontierOf(head), protectedSum: head.protectedSum };
}

/** @throws AppError `corrupt` when the parts of the head do not match each other. */
export function frontierOf(head: StoredHead): MerkleFrontier {
  const frontier = MerkleFrontier.fromBytes(head.size, head.subtrees);
  if (equalBytes(frontier.root(), head.root) && head.protectedSum.length === HASH_SIZE_BYTES) return frontier;
  throw damagedHead("the head of the audit log was changed outside Ownkey");
}

export async function writeHead(tx: Tx, frontier: MerkleFrontier, protectedSum: Uint8Array): Promise<void> {
  await tx.run("UPDATE audit_head SET size = ?, root = ?, subtrees = ?, protected_sum = ? WHERE id = 1", [
    frontier.size,
    frontier.root(),
    frontier.toBytes(),
    protectedSum,
  ]);
}

async function makeHead(tx: Tx): Promise<Row> {
  const { size, root, subtrees, protectedSum } = emptyHead();
  const made = await tx.run(
    `INSERT INTO audit_head (id, size, root, subtrees, protected_sum) VALUES (1, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
    [size, root, subtrees, protectedSum],
  );
  // Not made: another process was first, and its entries may be there already.
  if (made > 0 && (await tx.get("SELECT idx FROM audit_entries LIMIT 1"))) {
    throw damagedHead("the audit log has entries but no head");
  }
  const row = await tx.get(SELECT_HEAD + tx.forUpdate);
  if (!row) throw damagedHead("the head of the audit log cannot be made");
  return row;
}

function headOf(row: Row): StoredHead {
  return {
    size: intOf(row, "size"),
    root: bytesOf(row, "root"),
    subtrees: bytesOf(row, "subtrees"),
    protectedSum: bytesOf(row, "protected_sum"),
  };
}

function damagedHead(message: string): AppError {
  return new AppError("corrupt", message, {
    hint: "run: ownkey audit verify; then restore a backup with: ownkey backup restore FILE",
  });
}
