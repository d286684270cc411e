import type { Caller, Perform } from "../access/index.ts";
import type { ProviderKey } from "../connections/index.ts";
import { AppError, type Secret } from "../kernel/index.ts";
import { assertDestination, type OpenedSecret, type Vault } from "../vault/index.ts";

/** Stands in the audit log once for each version that a gateway borrows. */
export const LEND_ACTION = "key.lend";

export type LendingVault = Pick<Vault, "open">;

export interface LentKeysOptions {
  readonly vault: LendingVault;
  readonly perform: Perform;
  readonly caller: Caller;
}

interface Lent {
  /** As the key's record had it when it was lent. */
  readonly version: number;
  readonly secret: OpenedSecret;
}

/**
 * Provider keys that this gateway has borrowed. Each version is opened, and its lending recorded, once; uses are the
 * ledger's. At most one per provider key is held.
 */
export class LentKeys {
  readonly #options: LentKeysOptions;
  readonly #lent = new Map<string, Lent>();
  readonly #opening = new Map<string, Promise<Lent>>();
  /** Raised by {@link clear}: what was being opened then is not kept. */
  #epoch = 0;

  constructor(options: LentKeysOptions) {
    this.#options = options;
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

  #open(key: ProviderKey): Promise<Lent> {
    const name = `${key.id} ${key.version}`;
    const underWay = this.#opening.get(name);
    if (underWay !== undefined) return underWay;
    const opening = this.#openAndRecord(key).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  async #openAndRecord(key: ProviderKey): Promise<Lent> {
    const { perform, vault, caller } = this.#options;
    const epoch = this.#epoch;
    const act = {
      action: LEND_ACTION,
      permission: "keys.lend",
      subject: key.id,
      details: { version: key.version },
    } as const;
    const secret = await perform(caller, act, async (tx) => await vault.open(tx, key.id));
    if (epoch !== this.#epoch) {
      throw new AppError("vault_locked", "the vault was locked", { hint: "run: ownkey unlock" });
    }
    const lent = { version: key.version, secret };
    this.#lent.set(key.id, lent);
    return lent;
  }
}

function checked({ secret }: Lent, url: URL): Secret {
  assertDestination(secret.origins, url);
  return secret.value;
}
