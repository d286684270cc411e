/**
 * Inclusion and consistency proofs of RFC 6962 sections 2.1.1 and 2.1.2, as pure functions. What a proof consists of
 * is worked out as ranges of leaves; whoever has the tree looks their hashes up.
 */
import { equalBytes } from "../kernel/index.ts";
import { hashNode } from "./merkle.ts";

/** The leaves from `start` up to, not including, `end`. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** PATH(index, D[size]): the subtrees whose hashes prove that a leaf is in the tree, lowest first. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  let range: LeafRange = { start: 0, end: size };
  while (range.end - range.start > 1) {
    const middle = range.start + splitOf(range.end - range.start);
    const left = { start: range.start, end: middle };
    const right = { start: middle, end: range.end };
    path.push(index < middle ? right : left);
    range = index < middle ? left : right;
  }
  return path.reverse();
}

/** PROOF(first, D[second]): the subtrees that prove that the tree of `second` leaves begins with that of `first`. */
export function consistencyRanges(first: number, second: number): LeafRange[] {
  if (first === 0 || first === second) return [];
  const path: LeafRange[] = [];
  let range: LeafRange = { start: 0, end: second };
  while (range.end !== first) {
    const middle = range.start + splitOf(range.end - range.start);
    const left = { start: range.start, end: middle };
    const right = { start: middle, end: range.end };
    path.push(first <= middle ? right : left);
    range = first <= middle ? left : right;
  }
  // The old tree's own root is known to whoever checks; any other subtree is not.
  if (range.start !== 0) path.push(range);
  return path.reverse();
}

/** Cuts a range that starts at a multiple of its span into complete subtrees, largest first. */
export function completeSubtrees({ start, end }: LeafRange): LeafRange[] {
  const parts: LeafRange[] = [];
  let from = start;
  while (from < end) {
    const to = from + largestPowerUpTo(end - from);
    parts.push({ start: from, end: to });
    from = to;
  }
  return parts;
}

export interface InclusionClaim {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Whether the leaf hash stands at `index` in the tree with this size and root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion({ leaf, index, size, proof, root }: InclusionClaim): boolean {
  if (!isIndex(index) || !isIndex(size) || index >= size) return false;
  const ranges = inclusionRanges(index, size);
  if (ranges.length !== proof.length) return false;
  const computed = proof.reduce(
    (hash, sibling, i) =>
      (ranges[i]?.start ?? 0) > index ? hashNode(hash, sibling) : hashNode(sibling, hash),
    leaf,
  );
  return equalBytes(computed, root);
}

export interface ConsistencyClaim {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the second tree begins with the first one. A first tree without leaves is the beginning of every tree;
 * its root must still be the empty one's, which the caller compares.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { first, second, firstRoot, secondRoot, proof } = claim;
  if (!isIndex(first) || !isIndex(second) || first > second) return false;
  if (first === second) return proof.length === 0 && equalBytes(firstRoot, secondRoot);
  if (first === 0) return proof.length === 0;
  const ranges = consistencyRanges(first, second);
  if (ranges.length !== proof.length) return false;

  // Where the old tree is one complete subtree of the new one, the proof leaves it out and starts beside it.
  const startsWithOldRoot = (ranges[0]?.start ?? 0) >= first;
  const hashes = startsWithOldRoot ? [firstRoot, ...proof] : [...proof];
  const siblings = startsWithOldRoot ? ranges : ranges.slice(1);
  const [seed, ...rest] = hashes;
  if (!seed) return false;
  let oldRoot = seed;
  let newRoot = seed;
  for (const [i, hash] of rest.entries()) {
    // A subtree to the left belongs to both trees, one to the right to the new tree only.
    if ((siblings[i]?.start ?? 0) >= first) {
      newRoot = hashNode(newRoot, hash);
    } else {
      oldRoot = hashNode(hash, oldRoot);
      newRoot = hashNode(hash, newRoot);
    }
  }
  return equalBytes(oldRoot, firstRoot) && equalBytes(newRoot, secondRoot);
}

/** The largest power of two smaller than `count`, which is at least 2. */
function splitOf(count: number): number {
  return largestPowerUpTo(count - 1);
}

function largestPowerUpTo(count: number): number {
  let power = 1;
  while (power * 2 <= count) power *= 2;
  return power;
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
