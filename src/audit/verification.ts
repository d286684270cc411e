import { equalBytes } from "../kernel/index.ts";
import { bytesOf, intOf, type Queries } from "../store/index.ts";
import { checkpointsBetween } from "./checkpoint.ts";
import { type Checkpoint, checkpointKeyId, signatureHolds } from "./checkpoint-note.ts";
import type { AuditHead } from "./log.ts";
import { MerkleFrontier } from "./merkle.ts";
import { emptySum } from "./protected-sum.ts";
import { checkEntry, missingEntry } from "./verify-entry.ts";
import { ProblemList } from "./verify-report.ts";

export interface Witness {
  readonly vaultId: string;
  /** Ed25519 key of the checkpoints; without it they are compared with the tree only. */
  readonly publicKey?: Uint8Array | undefined;
  /** A size and root noted elsewhere: proves that the log still begins with what it was then. */
  readonly known?: Pick<AuditHead, "size" | "root"> | undefined;
}

/** A power of two: pages then complete whole runs of nodes. */
const PAGE = 1024;

/** The tree as recomputed so far; memory does not grow with the log. */
export class Verification {
  readonly frontier: MerkleFrontier;
  readonly problems: ProblemList;
  readonly #witness: Witness;
  protectedSum = emptySum();
  checkpoints = 0;
  /** The entries end before the head says so. */
  cutOff = false;

  constructor(witness: Witness, frontier = MerkleFrontier.empty(), problems = new ProblemList()) {
    this.#witness = witness;
    this.frontier = frontier;
    this.problems = problems;
  }

  /** To go on from here in a transaction that may be started anew. */
  copy(): Verification {
    const copy = new Verification(this.#witness, this.frontier.copy(), this.problems.copy());
    copy.protectedSum = this.protectedSum;
    copy.checkpoints = this.checkpoints;
    copy.cutOff = this.cutOff;
    return copy;
  }

  async advance(queries: Queries, size: number, onPage: (done: number) => void = () => {}): Promise<void> {
    while (this.frontier.size < size && !this.cutOff) {
      const from = this.frontier.size;
      await this.#page(queries, from, Math.min(from - (from % PAGE) + PAGE, size));
      onPage(this.frontier.size);
    }
  }

  async #page(queries: Queries, from: number, to: number): Promise<void> {
    const rows = await queries.all(
      `SELECT idx, at_ms, caller, action, subject, outcome, body, leaf FROM audit_entries
       WHERE idx >= ? AND idx < ? ORDER BY idx`,
      [from, to],
    );
    if (rows.length === 0) {
      this.cutOff = true;
      this.problems.add(from, `entry ${from} and what follows is missing`);
      return;
    }
    const byIndex = new Map(rows.map((row) => [intOf(row, "idx"), row]));
    const nodes = await completedNodes(queries, from, to);
    const checkpoints = await checkpointsBetween(queries, from, to);
    const bySize = new Map(checkpoints.map((checkpoint) => [checkpoint.size, checkpoint]));
    for (let index = from; index < to; index++) {
      const row = byIndex.get(index);
      const entry = row ? checkEntry(row, index) : missingEntry("it is missing");
      if (entry.problem !== undefined) this.problems.add(index, `entry ${index}: ${entry.problem}`);
      this.protectedSum = entry.protectedSum ?? this.protectedSum;
      this.frontier.push(entry.hash, (level, position, hash) =>
        this.#compareNode(nodes, level, position, hash),
      );
      this.#compareRoots(bySize.get(index + 1));
    }
  }

  #compareNode(
    nodes: ReadonlyMap<string, Uint8Array>,
    level: number,
    position: number,
    hash: Uint8Array,
  ): void {
    const stored = nodes.get(nodeName(level, position));
    if (stored && equalBytes(stored, hash)) return;
    const first = position * 2 ** level;
    const what = stored ? "does not match them" : "is missing";
    this.problems.add(first, `entries ${first} to ${first + 2 ** level - 1}: their node in the tree ${what}`);
  }

  #compareRoots(checkpoint: Checkpoint | undefined): void {
    const { known } = this.#witness;
    const size = this.frontier.size;
    if (known?.size === size && !equalBytes(known.root, this.frontier.root())) {
      this.problems.add(size - 1, `the first ${size} entries are not those that were noted elsewhere`);
    }
    if (!checkpoint) return;
    this.checkpoints++;
    if (!equalBytes(checkpoint.root, this.frontier.root())) {
      this.problems.add(size - 1, `the first ${size} entries do not give the root of their checkpoint`);
    }
    const problem = this.#signatureProblem(checkpoint);
    if (problem !== undefined) this.problems.add(size - 1, `the checkpoint at ${size} entries: ${problem}`);
  }

  #signatureProblem(checkpoint: Checkpoint): string | undefined {
    const { vaultId, publicKey } = this.#witness;
    if (!publicKey) return undefined;
    if (!equalBytes(checkpoint.keyId, checkpointKeyId(vaultId, publicKey))) return "signed with another key";
    return signatureHolds(vaultId, checkpoint, publicKey) ? undefined : "its signature is wrong";
  }
}

const nodeName = (level: number, position: number): string => `${level}:${position}`;

/** The stored nodes that entries `from` up to `to` complete. */
async function completedNodes(queries: Queries, from: number, to: number): Promise<Map<string, Uint8Array>> {
  const nodes = new Map<string, Uint8Array>();
  for (let level = 1; 2 ** level <= to; level++) {
    const first = Math.floor(from / 2 ** level);
    const end = Math.floor(to / 2 ** level);
    if (first === end) continue;
    const rows = await queries.all(
      "SELECT position, hash FROM audit_nodes WHERE level = ? AND position >= ? AND position < ?",
      [level, first, end],
    );
    for (const row of rows) nodes.set(nodeName(level, intOf(row, "position")), bytesOf(row, "hash"));
  }
  return nodes;
}
