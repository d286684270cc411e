import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { toHex, utf8 } from "../kernel/index.ts";
import { emptyRoot, foldSubtrees, hashLeaf, hashNode, MerkleFrontier } from "./merkle.ts";
import {
  completeSubtrees,
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  verifyConsistency,
  verifyInclusion,
} from "./proofs.ts";

// The reference tree of the Certificate Transparency project: eight leaves and the root after each of them.
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const NODE_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const NODE_4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const NODE_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const NODE_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";

const reference = LEAVES.map((hex) => hashLeaf(new Uint8Array(Buffer.from(hex, "hex"))));
const numbered = (count: number) => Array.from({ length: count }, (_, i) => hashLeaf(utf8(`leaf ${i}`)));

/** MTH of RFC 6962 section 2.1, word for word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (!only) return emptyRoot();
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return hashNode(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

function naivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return index < split
    ? [...naivePath(index, left), naiveRoot(right)]
    : [...naivePath(index - split, right), naiveRoot(left)];
}

/** SUBPROOF of RFC 6962 section 2.1.2. */
function naiveSubproof(first: number, leaves: readonly Uint8Array[], known: boolean): Uint8Array[] {
  if (first === leaves.length) return known ? [] : [naiveRoot(leaves)];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return first <= split
    ? [...naiveSubproof(first, left, known), naiveRoot(right)]
    : [...naiveSubproof(first - split, right, false), naiveRoot(left)];
}

const hashesOf = (leaves: readonly Uint8Array[], ranges: readonly LeafRange[]) =>
  ranges.map(({ start, end }) => naiveRoot(leaves.slice(start, end)));

const inHex = (hashes: readonly Uint8Array[]) => hashes.map(toHex);

test("the roots of the reference tree are those of Certificate Transparency", () => {
  const frontier = MerkleFrontier.empty();
  const roots = [toHex(frontier.root())];
  for (const leaf of reference) {
    frontier.push(leaf);
    roots.push(toHex(frontier.root()));
  }
  expect(roots).toEqual(ROOTS);
});

test("the proofs of the reference tree are those of Certificate Transparency", () => {
  const path = (index: number, size: number) =>
    inHex(hashesOf(reference.slice(0, size), inclusionRanges(index, size)));
  expect(path(0, 1)).toEqual([]);
  expect(path(0, 8)).toEqual([LEAF_1, NODE_2_3, NODE_4_7]);
  expect(path(5, 8)).toEqual([LEAF_4, NODE_6_7, ROOTS[4] ?? ""]);
  expect(path(2, 3)).toEqual([ROOTS[2] ?? ""]);
  expect(path(1, 5)).toEqual([ROOTS[1] ?? "", NODE_2_3, LEAF_4]);

  const proof = (first: number, second: number) =>
    inHex(hashesOf(reference.slice(0, second), consistencyRanges(first, second)));
  expect(proof(1, 1)).toEqual([]);
  expect(proof(1, 8)).toEqual([LEAF_1, NODE_2_3, NODE_4_7]);
  expect(proof(6, 8)).toEqual([NODE_4_5, NODE_6_7, ROOTS[4] ?? ""]);
  expect(proof(2, 5)).toEqual([NODE_2_3, LEAF_4]);
});

const sizes = fc.integer({ min: 1, max: 130 });

test("root, paths and proofs are those of the definition, for any size", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = numbered(size);
      const frontier = MerkleFrontier.empty();
      for (const leaf of leaves) frontier.push(leaf);
      expect(frontier.root()).toEqual(naiveRoot(leaves));
      expect(MerkleFrontier.fromBytes(size, frontier.toBytes()).root()).toEqual(frontier.root());
      const index = a % size;
      const first = 1 + (b % size);
      expect(hashesOf(leaves, inclusionRanges(index, size))).toEqual(naivePath(index, leaves));
      expect(hashesOf(leaves, consistencyRanges(first, size))).toEqual(naiveSubproof(first, leaves, true));
    }),
  );
});

test("a complete subtree is reported once, with the hash of its leaves", () => {
  fc.assert(
    fc.property(sizes, (size) => {
      const leaves = numbered(size);
      const seen = new Map<string, string>();
      const frontier = MerkleFrontier.empty();
      for (const leaf of leaves) {
        frontier.push(leaf, (level, position, hash) => seen.set(`${level}:${position}`, toHex(hash)));
      }
      const expected = new Map<string, string>();
      for (let level = 1; 2 ** level <= size; level++) {
        for (let position = 0; (position + 1) * 2 ** level <= size; position++) {
          const covered = leaves.slice(position * 2 ** level, (position + 1) * 2 ** level);
          expected.set(`${level}:${position}`, toHex(naiveRoot(covered)));
        }
      }
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
    }),
  );
});

test("every proof needs complete subtrees only, once its ranges are cut", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (size, a) => {
      const leaves = numbered(size);
      for (const range of [...inclusionRanges(a % size, size), ...consistencyRanges(1 + (a % size), size)]) {
        const parts = completeSubtrees(range);
        for (const { start, end } of parts) expect(start % (end - start)).toBe(0);
        const whole = naiveRoot(leaves.slice(range.start, range.end));
        expect(foldSubtrees(hashesOf(leaves, parts))).toEqual(whole);
      }
    }),
  );
});

test("an inclusion proof holds for its leaf, place, size and root, and for nothing else", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = numbered(size);
      const index = a % size;
      const claim = {
        leaf: leaves[index] ?? emptyRoot(),
        index,
        size,
        proof: hashesOf(leaves, inclusionRanges(index, size)),
        root: naiveRoot(leaves),
      };
      expect(verifyInclusion(claim)).toBe(true);
      const other = b % size;
      expect(verifyInclusion({ ...claim, index: other })).toBe(other === index);
      expect(verifyInclusion({ ...claim, leaf: emptyRoot() })).toBe(false);
      expect(verifyInclusion({ ...claim, root: emptyRoot() })).toBe(false);
      expect(verifyInclusion({ ...claim, proof: [...claim.proof, emptyRoot()] })).toBe(false);
      expect(verifyInclusion({ ...claim, index: size })).toBe(false);
      expect(verifyInclusion({ ...claim, index: -1 })).toBe(false);
    }),
  );
});

test("a consistency proof holds for its two trees, and for nothing else", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (second, a) => {
      const leaves = numbered(second);
      const first = 1 + (a % second);
      const claim = {
        first,
        second,
        firstRoot: naiveRoot(leaves.slice(0, first)),
        secondRoot: naiveRoot(leaves),
        proof: hashesOf(leaves, consistencyRanges(first, second)),
      };
      expect(verifyConsistency(claim)).toBe(true);
      expect(verifyConsistency({ ...claim, firstRoot: emptyRoot() })).toBe(false);
      expect(verifyConsistency({ ...claim, secondRoot: emptyRoot() })).toBe(false);
      expect(verifyConsistency({ ...claim, proof: [...claim.proof, emptyRoot()] })).toBe(false);
      expect(verifyConsistency({ ...claim, first: second + 1 })).toBe(false);
      for (const i of claim.proof.keys()) {
        const proof = claim.proof.map((hash, at) => (at === i ? emptyRoot() : hash));
        expect(verifyConsistency({ ...claim, proof })).toBe(false);
      }
    }),
  );
});
