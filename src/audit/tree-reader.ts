import { AppError } from "../kernel/index.ts";
import { bytesOf, type Queries } from "../store/index.ts";
import { foldSubtrees } from "./merkle.ts";
import { completeSubtrees, consistencyRanges, inclusionRanges, type LeafRange } from "./proofs.ts";

/**
 * Proof that entry `index` is in the log as it was with `size` entries; {@link verifyInclusion} checks it.
 * @throws AppError `not_found` when the log has no such entry or never had that size.
 */
export async function proveInclusion(queries: Queries, index: number, size: number): Promise<Uint8Array[]> {
  if (index >= size) throw noSuch(`entry ${index} in a log of ${size} entries`);
  return await hashesOf(queries, inclusionRanges(index, size));
}

/**
 * Proof that the log with `second` entries begins with the log as it was with `first`; {@link verifyConsistency}
 * checks it.
 */
export async function proveConsistency(
  queries: Queries,
  first: number,
  second: number,
): Promise<Uint8Array[]> {
  if (first > second) throw noSuch(`a log of ${first} entries within one of ${second}`);
  return await hashesOf(queries, consistencyRanges(first, second));
}

async function hashesOf(queries: Queries, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for (const range of ranges) hashes.push(await rangeHash(queries, range));
  return hashes;
}

async function rangeHash(queries: Queries, range: LeafRange): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const part of completeSubtrees(range)) parts.push(await subtreeHash(queries, part));
  return foldSubtrees(parts);
}

/** Leaves stand with their entries, inner nodes in a table of their own. */
async function subtreeHash(queries: Queries, { start, end }: LeafRange): Promise<Uint8Array> {
  const span = end - start;
  const row =
    span === 1
      ? await queries.get("SELECT leaf AS hash FROM audit_entries WHERE idx = ?", [start])
      : await queries.get("SELECT hash FROM audit_nodes WHERE level = ? AND position = ?", [
          Math.log2(span),
          start / span,
        ]);
  if (!row) throw noSuch(`entries ${start} to ${end - 1}`);
  return bytesOf(row, "hash");
}

function noSuch(what: string): AppError {
  return new AppError("not_found", `the audit log does not hold ${what}`, {
    hint: "run: ownkey audit verify, to see how long the log is and that nothing is missing",
  });
}
