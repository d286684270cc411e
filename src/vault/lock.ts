import type { KeyRing } from "./key-ring.ts";
import { isLocked } from "./refusals.ts";
import type { SystemKeys } from "./system-keys.ts";
import type { LockReason } from "./vault.ts";

/**
 * Holds the keys while the vault is unlocked. Locking by itself (`auto`) takes away what opens and seals secrets but
 * leaves the system keys: a gateway that goes on with lent keys checks row MACs and hashes bodies with them. Locking
 * on request (`explicit`) takes away both.
 */
export class Lock {
  #ring: KeyRing | undefined;
  #system: SystemKeys | undefined;
  readonly #listeners = new Set<(reason: LockReason) => void>();
  readonly #unlockListeners = new Set<(ring: KeyRing) => void>();

  get locked(): boolean {
    return this.#ring === undefined;
  }

  /** @throws AppError `vault_locked`. */
  ring(): KeyRing {
    return this.#ring ?? refuse();
  }

  /** Also after an `auto` lock. @throws AppError `vault_locked`. */
  system(): SystemKeys {
    return this.#system ?? refuse();
  }

  systemIfAny(): SystemKeys | undefined {
    return this.#system;
  }

  unlock(ring: KeyRing): void {
    if (this.#ring !== ring) this.#ring?.wipe();
    this.#ring = ring;
    this.#system = ring.system;
    for (const listener of this.#unlockListeners) listener(ring);
  }

  lock(reason: LockReason): void {
    this.#ring?.wipe();
    this.#ring = undefined;
    if (reason === "explicit") {
      this.#system?.wipe();
      this.#system = undefined;
    }
    for (const listener of this.#listeners) listener(reason);
  }

  onLock(listener: (reason: LockReason) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Now, if it is unlocked, and with each ring that comes into use: after an unlocking, after a re-keying. */
  onRing(listener: (ring: KeyRing) => void): () => void {
    this.#unlockListeners.add(listener);
    if (this.#ring) listener(this.#ring);
    return () => this.#unlockListeners.delete(listener);
  }
}

function refuse(): never {
  throw isLocked();
}
