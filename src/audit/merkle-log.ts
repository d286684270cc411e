import { AppError, type Clock } from "../kernel/index.ts";
import { bytesOf, intOf, type Row, type Tx } from "../store/index.ts";
import { AuditedTransaction } from "./audited-transaction.ts";
import type { AuditEntry, AuditEvent, AuditedTx } from "./entry.ts";
import { emptyHead, lockHead, readHead, writeHead } from "./head.ts";
import { decodeLeaf, encodeLeaf, storable } from "./leaf.ts";
import type { AuditLog } from "./log.ts";
import { hashLeaf, type MerkleFrontier } from "./merkle.ts";
import { changeSum } from "./protected-sum.ts";
import { RowBatch } from "./row-batch.ts";

/** The log on the tables of migration 002; an append costs one hash per level and no read but the head row. */
export function createAuditLog({ clock }: { clock: Clock }): AuditLog {
  const appendAll = async (audited: AuditedTx, events: Iterable<AuditEvent>): Promise<number> => {
    const { tx, protectedChange } = endOf(audited);
    const { frontier, protectedSum: sumBefore } = await lockHead(tx);
    const protectedSum = changeSum(sumBefore, protectedChange);
    const writer = new EntryWriter(tx, frontier, clock.nowMs());
    for (const event of events) {
      // The change of the sum is said once, by the transaction's first entry.
      const says = protectedChange !== 0n && writer.written === 0;
      await writer.write(event, says ? protectedSum : undefined);
    }
    if (writer.written === 0) {
      throw new AppError("internal", "a transaction that is to be audited ended without an entry");
    }
    // Sent at once: they are carried out in this order, and each answer would be one more wait for a thread.
    await Promise.all([writer.flush(), writeHead(tx, frontier, protectedSum)]);
    return frontier.size;
  };

  return {
    begin: (tx) => new AuditedTransaction(tx),
    append: async (tx, event) => await appendAll(tx, [event]),
    appendAll,
    async head(queries) {
      const { size, root, protectedSum } = (await readHead(queries)) ?? emptyHead();
      return { size, root, protectedSum };
    },
    async list(queries, { since, limit }) {
      const rows = await queries.all(
        "SELECT idx, body FROM audit_entries WHERE idx >= ? ORDER BY idx LIMIT ?",
        [since, limit],
      );
      return rows.map(entryOf);
    },
  };
}

/** Gives entries their index and writes them with the subtrees they complete. */
class EntryWriter {
  readonly #frontier: MerkleFrontier;
  readonly #atMs: number;
  readonly #entries: RowBatch;
  readonly #nodes: RowBatch;
  written = 0;

  constructor(tx: Tx, frontier: MerkleFrontier, atMs: number) {
    this.#frontier = frontier;
    this.#atMs = atMs;
    const columns = ["idx", "at_ms", "caller", "action", "subject", "outcome", "body", "leaf"];
    this.#entries = new RowBatch(tx, "audit_entries", columns);
    this.#nodes = new RowBatch(tx, "audit_nodes", ["level", "position", "hash"]);
  }

  async write(event: AuditEvent, protectedSum: Uint8Array | undefined): Promise<void> {
    const index = this.#frontier.size;
    const { caller, action, subject, outcome, details } = storable(event);
    const body = encodeLeaf({
      index,
      atMs: this.#atMs,
      caller,
      action,
      subject,
      outcome,
      details,
      protectedSum,
    });
    const leaf = hashLeaf(body);
    this.#entries.add(index, this.#atMs, caller, action, subject ?? null, outcome, body, leaf);
    this.#frontier.push(leaf, (level, position, hash) => this.#nodes.add(level, position, hash));
    this.written++;
    if (this.#entries.full) await this.flush();
  }

  async flush(): Promise<void> {
    await Promise.all([this.#entries.flush(), this.#nodes.flush()]);
  }
}

function endOf(audited: AuditedTx): { tx: Tx; protectedChange: bigint } {
  if (audited instanceof AuditedTransaction) return audited.close();
  throw new AppError("internal", "this transaction was not begun by the audit log");
}

function entryOf(row: Row): AuditEntry {
  const index = intOf(row, "idx");
  const leaf = decodeLeaf(bytesOf(row, "body"));
  if (leaf?.index !== index) {
    throw new AppError("corrupt", `entry ${index} of the audit log was changed outside Ownkey`, {
      hint: "run: ownkey audit verify",
    });
  }
  const { protectedSum: _, ...entry } = leaf;
  return entry;
}
