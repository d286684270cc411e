import { AppError, equalBytes } from "../kernel/index.ts";
import { bytesOf, intOf, optionalTextOf, type Row, textOf } from "../store/index.ts";
import { decodeLeaf, type Leaf } from "./leaf.ts";
import { HASH_SIZE_BYTES, hashLeaf } from "./merkle.ts";

export interface CheckedEntry {
  /** What stands in the tree for this entry: the stored leaf hash, so that one bad entry is one problem. */
  readonly hash: Uint8Array;
  readonly protectedSum: Uint8Array | undefined;
  readonly problem: string | undefined;
}

/** Checks one row of the log by itself: bytes against leaf hash, columns against bytes. */
export function checkEntry(row: Row, index: number): CheckedEntry {
  try {
    const body = bytesOf(row, "body");
    const hash = bytesOf(row, "leaf");
    if (hash.length !== HASH_SIZE_BYTES) return missingEntry("its leaf hash is not a hash");
    const leaf = decodeLeaf(body);
    return { hash, protectedSum: leaf?.protectedSum, problem: problemOf(row, index, body, hash, leaf) };
  } catch (error) {
    if (error instanceof AppError && error.code === "corrupt") return missingEntry(error.message);
    throw error;
  }
}

/** Keeps the places of the entries behind it. */
export function missingEntry(problem: string): CheckedEntry {
  return { hash: new Uint8Array(HASH_SIZE_BYTES), protectedSum: undefined, problem };
}

function problemOf(
  row: Row,
  index: number,
  body: Uint8Array,
  hash: Uint8Array,
  leaf: Leaf | undefined,
): string | undefined {
  if (!equalBytes(hashLeaf(body), hash)) return "its bytes do not give its leaf hash";
  if (!leaf) return "its bytes are not an entry";
  const differs =
    leaf.index !== index
      ? "index"
      : leaf.atMs !== intOf(row, "at_ms")
        ? "at_ms"
        : leaf.caller !== textOf(row, "caller")
          ? "caller"
          : leaf.action !== textOf(row, "action")
            ? "action"
            : leaf.subject !== optionalTextOf(row, "subject")
              ? "subject"
              : leaf.outcome !== textOf(row, "outcome")
                ? "outcome"
                : undefined;
  return differs && `the column "${differs}" differs from its bytes`;
}
