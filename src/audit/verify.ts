import { AppError, equalBytes } from "../kernel/index.ts";
import { intOf, type Queries, type Store } from "../store/index.ts";
import { emptyHead, readHead } from "./head.ts";
import { Verification, type Witness } from "./verification.ts";
import type { VerifyResult } from "./verify-report.ts";

export interface VerifyOptions extends Witness {
  readonly onProgress?: ((doneEntries: number, totalEntries: number) => void) | undefined;
}

/**
 * Recomputes the whole log from its entries, in memory that does not grow with it, while others go on appending:
 * bytes against leaf hashes and columns, every node, the head, and every checkpoint with its signature. What is
 * wrong comes back as a result, not as an error.
 *
 * It finds every change to what a checkpoint, a known root or the head row covers. Whoever can write to the database
 * can rewrite the entries after the last checkpoint together with the head: `known`, kept elsewhere, closes that.
 */
export async function verify(store: Store, options: VerifyOptions): Promise<VerifyResult> {
  const { onProgress = () => {}, publicKey } = options;
  const streamed = new Verification(options);
  await passingOver(async () => {
    const total = (await readHead(store))?.size ?? 0;
    await streamed.advance(store, total, (done) => onProgress(done, total));
  });

  // The rest, and what concerns the log as a whole, from one snapshot that nobody appends to.
  const done = await store.tx(async (tx) => {
    const verification = streamed.copy();
    await guarded(verification, () => finish(tx, verification, options));
    return verification;
  });
  const { listed, more } = done.problems;
  return {
    ok: listed.length === 0,
    entries: done.frontier.size,
    root: done.frontier.root(),
    checkpoints: done.checkpoints,
    signaturesChecked: publicKey !== undefined,
    problems: listed,
    moreProblems: more,
    firstBadIndex: listed[0]?.index,
  };
}

async function finish(tx: Queries, verification: Verification, { known }: Witness): Promise<void> {
  const { frontier, problems } = verification;
  const stored = await readHead(tx);
  const head = stored ?? emptyHead();
  await verification.advance(tx, head.size);
  const size = frontier.size;
  const last = Math.max(0, size - 1);
  if (head.size < size) problems.add(head.size, `the head says ${head.size} entries, there were ${size}`);
  if (!equalBytes(head.root, frontier.root()))
    problems.add(last, "the head's root does not match the entries");
  if (!equalBytes(head.subtrees, frontier.toBytes())) {
    problems.add(last, "the head's subtrees do not match the entries");
  }
  if (!equalBytes(head.protectedSum, verification.protectedSum)) {
    problems.add(last, "the head's sum of protected rows is not the one last recorded");
  }
  if (known && known.size > size) {
    problems.add(size, `the log holds ${size} entries; ${known.size} were noted elsewhere`);
  }
  await findSurplus(tx, verification, size);
}

/** Rows that no tree of this size has. */
async function findSurplus(tx: Queries, { problems }: Verification, size: number): Promise<void> {
  const entry = await tx.get("SELECT idx FROM audit_entries WHERE idx < 0 OR idx >= ? ORDER BY idx LIMIT 1", [
    size,
  ]);
  if (entry) problems.add(size, `entry ${intOf(entry, "idx")} is not covered by the head of ${size} entries`);
  const nodes = await tx.get("SELECT COUNT(*) AS count FROM audit_nodes");
  if (nodes && intOf(nodes, "count") !== nodeCount(size)) {
    problems.add(size, `the tree has ${intOf(nodes, "count")} nodes, expected ${nodeCount(size)}`);
  }
  const checkpoint = await tx.get(
    "SELECT size FROM audit_checkpoints WHERE size < 1 OR size > ? ORDER BY size DESC LIMIT 1",
    [size],
  );
  if (checkpoint) {
    problems.add(size, `the log holds ${size} entries; a checkpoint says ${intOf(checkpoint, "size")}`);
  }
}

/** Inner nodes of all complete subtrees in a tree of this size. */
function nodeCount(size: number): number {
  let count = 0;
  for (let span = 2; span <= size; span *= 2) count += Math.floor(size / span);
  return count;
}

/** A column of the wrong kind is a finding like any other. */
async function guarded(verification: Verification, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isDamage(error)) throw error;
    verification.problems.add(verification.frontier.size, error.message);
  }
}

/** Stops at such a column without a word: {@link finish} goes on from there and meets it again. */
async function passingOver(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
}

function isDamage(error: unknown): error is AppError {
  return error instanceof AppError && error.code === "corrupt";
}
