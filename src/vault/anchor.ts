/**
 * The rollback anchor: the newest audit head that this home has seen, kept where a restored or replaced database does
 * not reach: in the file `epoch` of the home and, where there is one, in the keychain.
 *
 * It is written after the commit it tells of, so that it is never ahead of the database; behind it may be, by what a
 * crash took. Whoever puts back the whole folder puts back the file as well: only the keychain notices that.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type AuditHead, proveConsistency, verifyConsistency } from "../audit/index.ts";
import { tryLock, writeDurable } from "../files/index.ts";
import { AppError, equalBytes } from "../kernel/index.ts";
import type { Queries } from "../store/index.ts";
import { decodeEpoch, encodeEpoch, type Epoch, epochPath, readEpochFile } from "./epoch.ts";
import type { Keychain } from "./slots/keychain.ts";

export interface AnchorOptions {
  home: string;
  vaultId: string;
  keychain?: Keychain | undefined;
  /** Told when the anchor could not be moved; it stays behind, which is safe. */
  onError?: (error: unknown) => void;
}

export interface AnchorCheck {
  /** Where the audit log's nodes are: with them a longer log must continue the one that was seen. */
  queries?: Queries | undefined;
  /** Size of the database's log that somebody accepts as it is (`up --accept-epoch N`); to be audited by the caller. */
  acceptEpoch?: number | undefined;
}

const LOCK_ATTEMPTS = 40;
const LOCK_WAIT_MS = 5;

/**
 * To be made before the audit log's head is read: what the home had seen by then, the database must have. (What other
 * processes commit in between shows in the file at once, but not in a head that was read before.)
 */
export class Anchor {
  readonly #options: AnchorOptions;
  #seen: Epoch | "damaged" | undefined;
  #wanted: AuditHead | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: AnchorOptions) {
    this.#options = options;
    this.#seen = readEpochFile(options.home);
  }

  /**
   * To be called at start, and by a running node to alert (it need not stop).
   * @throws AppError `rolled_back` when the database is older than, or not a continuation of, what was seen here;
   *   `corrupt` when the file is damaged. Both name the way on.
   */
  async check(head: AuditHead, { queries, acceptEpoch }: AnchorCheck = {}): Promise<void> {
    if (acceptEpoch === head.size) {
      await this.#write(head, true);
      return;
    }
    if (this.#seen === "damaged") throw damagedFile(this.#options.home, head);
    if (this.#seen) await this.#compare(this.#seen, head, queries);
    const remembered = await this.#readKeychain();
    if (remembered && !this.#hasMovedTo(remembered)) await this.#compare(remembered, head, queries);
  }

  /**
   * To be called after each commit with the log's head. Cheap: heads that come while one is written are written as
   * one. Never goes back, whatever other processes of this home write; never throws.
   */
  async advance(head: AuditHead): Promise<void> {
    if (head.size > Math.max(this.#seenSize, this.#wanted?.size ?? -1)) this.#wanted = head;
    if (this.#wanted && !this.#writing) this.#writing = this.#writeWanted();
    await this.#writing;
  }

  async #writeWanted(): Promise<void> {
    for (let head = this.#wanted; head; head = this.#wanted) {
      this.#wanted = undefined;
      try {
        await this.#write(head, false);
      } catch (error) {
        this.#options.onError?.(error);
      }
    }
    // In the same turn in which nothing was left to write: whoever comes next starts anew.
    this.#writing = undefined;
  }

  async #write(head: AuditHead, mayGoBack: boolean): Promise<void> {
    const { home, vaultId, keychain } = this.#options;
    const text = encodeEpoch({ ...head, vault: vaultId });
    const lock = await takeLock(join(home, "epoch.lock"));
    // Somebody else is writing all the time: what they write is about as new.
    if (!lock) return;
    try {
      const seen = mayGoBack ? undefined : seenIn(home, head);
      if (seen === undefined || seen.size < head.size) writeDurable(epochPath(home), text);
      if (keychain && (seen?.size ?? -1) < head.size) await storeQuietly(keychain, itemOf(vaultId), text);
      if (mayGoBack || this.#seenSize < head.size) this.#seen = { ...head, vault: vaultId };
    } finally {
      lock.close();
    }
  }

  get #seenSize(): number {
    return this.#seen === undefined || this.#seen === "damaged" ? -1 : this.#seen.size;
  }

  /** Another process is committing: it has written the file, then the keychain, since this anchor was made. */
  #hasMovedTo(remembered: Epoch): boolean {
    const now = readEpochFile(this.#options.home);
    return now !== undefined && now !== "damaged" && this.#seenSize < now.size && now.size >= remembered.size;
  }

  async #readKeychain(): Promise<Epoch | undefined> {
    const { keychain, vaultId } = this.#options;
    try {
      return decodeEpoch((await keychain?.get(itemOf(vaultId))) ?? "");
    } catch {
      // Optional, like everything about the keychain.
      return undefined;
    }
  }

  async #compare(seen: Epoch, head: AuditHead, queries: Queries | undefined): Promise<void> {
    if (seen.vault !== this.#options.vaultId) {
      throw rolledBack("the database holds another vault than the one that was used here", head);
    }
    if (head.size < seen.size) {
      throw rolledBack(
        `the database is older than what was used here: ${head.size} audit entries, seen ${seen.size}`,
        head,
      );
    }
    if (head.size === seen.size) {
      const isSame = equalBytes(seen.root, head.root) && equalBytes(seen.protectedSum, head.protectedSum);
      if (!isSame)
        throw rolledBack(`the database has ${head.size} audit entries, but not those seen here`, head);
      return;
    }
    if (queries && !(await continues(queries, seen, head))) {
      throw rolledBack(`the audit log does not continue the ${seen.size} entries seen here`, head);
    }
  }
}

/** Whether a vault has been used in this home; to be asked before it is looked for in the database. */
export function remembersVault(home: string): boolean {
  return existsSync(epochPath(home));
}

/** The refusal to make a vault where there was one: its database was lost or replaced. */
export function vaultIsGone(home: string): AppError {
  return new AppError("rolled_back", `${home} has had a vault, but the database holds none`, {
    hint: `restore a backup with: ownkey backup restore FILE; or, to begin anew: rm '${epochPath(home)}'`,
  });
}

async function continues(queries: Queries, seen: AuditHead, head: AuditHead): Promise<boolean> {
  try {
    const proof = await proveConsistency(queries, seen.size, head.size);
    const sizes = { first: seen.size, second: head.size };
    return verifyConsistency({ ...sizes, firstRoot: seen.root, secondRoot: head.root, proof });
  } catch (error) {
    // Nodes that are missing prove nothing.
    if (error instanceof AppError && error.code === "not_found") return false;
    throw error;
  }
}

async function takeLock(path: string) {
  for (let attempt = 1; attempt < LOCK_ATTEMPTS; attempt++) {
    const lock = tryLock(path);
    if (lock) return lock;
    await Bun.sleep(LOCK_WAIT_MS);
  }
  return tryLock(path);
}

async function storeQuietly(keychain: Keychain, item: string, text: string): Promise<void> {
  try {
    await keychain.set(item, text);
  } catch {
    // Without it the file alone is the anchor.
  }
}

function seenIn(home: string, head: AuditHead): Epoch | undefined {
  const epoch = readEpochFile(home);
  if (epoch === "damaged") throw damagedFile(home, head);
  return epoch;
}

function damagedFile(home: string, head: AuditHead): AppError {
  return new AppError("corrupt", `${epochPath(home)} is damaged`, { hint: acceptHint(head) });
}

const itemOf = (vaultId: string): string => `${vaultId}/epoch`;

function rolledBack(message: string, head: AuditHead): AppError {
  return new AppError("rolled_back", message, { hint: acceptHint(head), details: { auditSize: head.size } });
}

function acceptHint({ size }: AuditHead): string {
  return `restore a newer backup, or accept this database as it is with: ownkey up --accept-epoch ${size}`;
}
