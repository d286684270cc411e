/**
 * The tree of RFC 6962 section 2.1 (the same in RFC 9162): SHA-256, leaves hashed behind a 0 byte, inner nodes
 * behind a 1 byte, so that no leaf can pass for a node.
 */
import { createHash } from "node:crypto";
import { AppError, concatBytes } from "../kernel/index.ts";

export const HASH_SIZE_BYTES = 32;

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return sha256();
}

export function hashLeaf(data: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, data);
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right);
}

/** Called for each subtree that a new leaf completes; `level` 1 covers 2 leaves, `position` counts within a level. */
export type OnNode = (level: number, position: number, hash: Uint8Array) => void;

/**
 * The right edge of a growing tree: the roots of its complete subtrees, largest first, one for each 1 in the binary
 * form of the size. It is all that appending and the root need, whatever the size.
 */
export class MerkleFrontier {
  #size: number;
  readonly #subtrees: Uint8Array[];

  private constructor(size: number, subtrees: Uint8Array[]) {
    this.#size = size;
    this.#subtrees = subtrees;
  }

  static empty(): MerkleFrontier {
    return new MerkleFrontier(0, []);
  }

  /** @throws AppError `corrupt` when the bytes are not as many hashes as this size has subtrees. */
  static fromBytes(size: number, bytes: Uint8Array): MerkleFrontier {
    const count = subtreeCount(size);
    if (bytes.length !== count * HASH_SIZE_BYTES) {
      throw new AppError(
        "corrupt",
        `the audit head holds ${bytes.length} bytes of subtrees, expected ${count * HASH_SIZE_BYTES}`,
        { hint: "run: ownkey audit verify" },
      );
    }
    const at = (i: number) => bytes.slice(i * HASH_SIZE_BYTES, (i + 1) * HASH_SIZE_BYTES);
    return new MerkleFrontier(
      size,
      Array.from({ length: count }, (_, i) => at(i)),
    );
  }

  copy(): MerkleFrontier {
    return new MerkleFrontier(this.#size, [...this.#subtrees]);
  }

  get size(): number {
    return this.#size;
  }

  toBytes(): Uint8Array {
    return concatBytes(...this.#subtrees);
  }

  push(leaf: Uint8Array, onNode?: OnNode): void {
    let hash = leaf;
    let position = this.#size;
    for (let level = 1; position % 2 === 1; level++) {
      hash = hashNode(this.#subtrees.pop() ?? hash, hash);
      position = (position - 1) / 2;
      onNode?.(level, position, hash);
    }
    this.#subtrees.push(hash);
    this.#size++;
  }

  root(): Uint8Array {
    return foldSubtrees(this.#subtrees);
  }
}

/** The root over neighbouring complete subtrees, largest first. */
export function foldSubtrees(subtrees: readonly Uint8Array[]): Uint8Array {
  if (subtrees.length === 0) return emptyRoot();
  return subtrees.reduceRight((right, left) => hashNode(left, right));
}

function subtreeCount(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
