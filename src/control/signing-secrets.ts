import { allow, type Caller, type Perform } from "../access/index.ts";
import { type Clock, type NewId, numberAt, parseJson, Secret, stringAt } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import type { ManagedVault } from "../vault/index.ts";

export interface SigningSecretsOptions {
  readonly store: Store;
  readonly perform: Perform;
  readonly vault: Pick<ManagedVault, "putBlob" | "getBlob" | "removeBlob" | "listBlobs" | "onLock">;
  readonly clock: Clock;
  readonly newId: NewId;
}

interface Kept {
  readonly secret: Secret;
  readonly previous: Secret | undefined;
  readonly previousUntilMs: number;
}

/** Of the blob in the vault that holds them. */
const KIND = "webhook signing secret";
const SCHEDULER: Caller = { kind: "scheduler" };

/**
 * The secret that webhooks are signed with, in the vault. Lent to whoever delivers once per version, which is
 * recorded, and held in memory until the vault is locked on purpose.
 */
export class SigningSecrets {
  readonly #options: SigningSecretsOptions;
  #lent: { readonly blobId: string; readonly kept: Kept } | undefined;

  constructor(options: SigningSecretsOptions) {
    this.#options = options;
    options.vault.onLock((reason) => {
      if (reason === "explicit") this.#lent = undefined;
    });
  }

  async exists(): Promise<boolean> {
    return (await this.#blobId()) !== undefined;
  }

  /** The secret, and the one before it while it still counts; empty when there is none. @throws AppError `vault_locked`. */
  async inForce(): Promise<readonly Secret[]> {
    const { perform, vault, clock } = this.#options;
    const blobId = await this.#blobId();
    if (blobId === undefined) return [];
    if (this.#lent?.blobId !== blobId) {
      const act = { action: "notify.lend_secret", permission: "keys.read", subject: blobId } as const;
      const found = await perform(SCHEDULER, act, (tx) => vault.getBlob(tx, blobId));
      if (!found) return [];
      this.#lent = { blobId, kept: keptOf(found.bytes) };
    }
    const { secret, previous, previousUntilMs } = this.#lent.kept;
    return previous && previousUntilMs > clock.nowMs() ? [secret, previous] : [secret];
  }

  /** Takes the place of the one there is, which still signs as well for `graceMs`. @throws AppError `denied`, `vault_locked`. */
  async replace(caller: Caller, secret: Secret, graceMs: number): Promise<void> {
    const { perform, vault, clock, newId } = this.#options;
    const before = allow(caller, PERMISSION) ? await this.#blobId() : undefined;
    const id = newId("blob");
    const act = { action: "notify.set_secret", permission: PERMISSION, subject: id, details: { graceMs } };
    await perform(caller, act, async (tx) => {
      const found = before === undefined ? undefined : await vault.getBlob(tx, before);
      const previous = found && graceMs > 0 ? keptOf(found.bytes).secret : undefined;
      if (before !== undefined) await vault.removeBlob(tx, before);
      const kept = { secret, previous, previousUntilMs: clock.nowMs() + graceMs };
      await vault.putBlob(tx, id, KIND, bytesOf(kept));
    });
  }

  /** Gives whether there was one. @throws AppError `denied`. */
  async remove(caller: Caller): Promise<boolean> {
    const { perform, vault } = this.#options;
    const id = allow(caller, PERMISSION) ? await this.#blobId() : undefined;
    const subject = id === undefined ? {} : { subject: id };
    const act = { action: "notify.remove_secret", permission: PERMISSION, ...subject };
    return await perform(caller, act, async (tx) => id !== undefined && (await vault.removeBlob(tx, id)));
  }

  async #blobId(): Promise<string | undefined> {
    const { vault, store } = this.#options;
    return (await vault.listBlobs(store)).findLast(({ kind }) => kind === KIND)?.id;
  }
}

const PERMISSION = "config.manage" as const;

function bytesOf({ secret, previous, previousUntilMs }: Kept): Uint8Array {
  const document = { secret: secret.reveal(), previous: previous?.reveal() ?? null, previousUntilMs };
  return new TextEncoder().encode(JSON.stringify(document));
}

function keptOf(bytes: Uint8Array): Kept {
  const document = parseJson(new TextDecoder().decode(bytes));
  const previous = stringAt(document, "previous");
  return {
    secret: new Secret(stringAt(document, "secret") ?? ""),
    previous: previous === undefined ? undefined : new Secret(previous),
    previousUntilMs: numberAt(document, "previousUntilMs") ?? 0,
  };
}
