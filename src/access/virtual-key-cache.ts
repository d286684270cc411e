import { toHex } from "../kernel/index.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { type VirtualKeyRecord, virtualKeyOf } from "./virtual-key-record.ts";

/** A virtual key as it is held: with what it is found by. */
export interface HeldKey {
  readonly virtualKey: VirtualKey;
  readonly hash: string;
  readonly previousHash: string | undefined;
  readonly previousUntilMs: number;
  readonly mac: Uint8Array;
}

interface Entry {
  held: HeldKey;
  /** Asked for since it was last passed over. */
  used: boolean;
}

/**
 * At most `capacity` virtual keys, by id and by hash. When it is full, one that nobody has asked for lately makes room
 * (second chance): being asked for costs a look-up and nothing else.
 */
export class VirtualKeyCache {
  readonly #capacity: number;
  readonly #byId = new Map<string, Entry>();
  readonly #byHash = new Map<string, Entry>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): HeldKey | undefined {
    return used(this.#byId.get(id));
  }

  byHash(hash: string): HeldKey | undefined {
    return used(this.#byHash.get(hash));
  }

  put(held: HeldKey): void {
    const { id } = held.virtualKey;
    this.forget(id);
    if (this.#byId.size >= this.#capacity) this.#makeRoom();
    const entry = { held, used: false };
    this.#byId.set(id, entry);
    this.#byHash.set(held.hash, entry);
    if (held.previousHash !== undefined) this.#byHash.set(held.previousHash, entry);
  }

  forget(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    const { hash, previousHash } = entry.held;
    this.#byId.delete(id);
    this.#byHash.delete(hash);
    if (previousHash !== undefined) this.#byHash.delete(previousHash);
  }

  clear(): void {
    this.#byId.clear();
    this.#byHash.clear();
  }

  #makeRoom(): void {
    for (const [id, entry] of this.#byId) {
      if (!entry.used) {
        this.forget(id);
        return;
      }
      entry.used = false;
      this.#byId.delete(id);
      this.#byId.set(id, entry);
    }
  }
}

export function heldKey(record: VirtualKeyRecord): HeldKey {
  return {
    virtualKey: virtualKeyOf(record),
    hash: toHex(record.tokenHash),
    previousHash: record.previousHash ? toHex(record.previousHash) : undefined,
    previousUntilMs: record.previousUntilMs ?? 0,
    mac: record.mac,
  };
}

function used(entry: Entry | undefined): HeldKey | undefined {
  if (entry === undefined) return undefined;
  entry.used = true;
  return entry.held;
}
