import type { Caller } from "../access/index.ts";
import type { ProviderKey } from "../connections/index.ts";
import { AppError, type Secret } from "../kernel/index.ts";
import { assertDestination, type OpenedSecret } from "../vault/index.ts";

/** Stands in the audit log once for each version that a gateway borrows. */
export const LEND_ACTION = "key.lend";

/** Opens the active version of a key, and records that it did. */
export interface Lender {
  lend(caller: Caller, keyId: string): Promise<OpenedSecret>;
}

/**
 * Provider keys that this gateway has borrowed. Each version is opened, and its lending recorded, once; uses are the
 * ledger's. At most one per provider key is held.
 */
export class LentKeys {
  readonly #lender: Lender;
  readonly #caller: Caller;
  readonly #lent = new Map<string, OpenedSecret>();
  readonly #opening = new Map<string, Promise<OpenedSecret>>();
  /** Raised by {@link clear}: what was being opened then is not kept. */
  #epoch = 0;

  constructor(lender: Lender, caller: Caller) {
    this.#lender = lender;
    this.#caller = caller;
  }

  get size(): number {
    return this.#lent.size;
  }

  /** @throws AppError `destination_refused`, `vault_locked`, and as the vault's `open`. */
  lend(key: ProviderKey, url: URL): Secret | Promise<Secret> {
    const known = this.#lent.get(key.id);
    if (known?.version === key.version) return checked(known, url);
    return this.#open(key).then((lent) => checked(lent, url));
  }

  /** Gives back what is not in use any more: removed, disabled, another version. */
  keepOnly(keys: Iterable<ProviderKey>): void {
    const versions = new Map([...keys].map(({ id, version }) => [id, version]));
    for (const [id, { version }] of this.#lent) if (versions.get(id) !== version) this.#lent.delete(id);
  }

  clear(): void {
    this.#epoch++;
    this.#lent.clear();
    this.#opening.clear();
  }

  #open(key: ProviderKey): Promise<OpenedSecret> {
    const name = `${key.id} ${key.version}`;
    const underWay = this.#opening.get(name);
    if (underWay !== undefined) return underWay;
    const opening = this.#openAndKeep(key.id).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  async #openAndKeep(keyId: string): Promise<OpenedSecret> {
    const epoch = this.#epoch;
    const opened = await this.#lender.lend(this.#caller, keyId);
    if (epoch !== this.#epoch) {
      throw new AppError("vault_locked", "the vault was locked", { hint: "run: ownkey unlock" });
    }
    this.#lent.set(keyId, opened);
    return opened;
  }
}

function checked({ origins, value }: OpenedSecret, url: URL): Secret {
  assertDestination(origins, url);
  return value;
}
