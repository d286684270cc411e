import type { AuditedTx } from "../audit/index.ts";
import { AppError, type NewId, type Randomness, Secret } from "../kernel/index.ts";
import { allow, type Caller, type Permission } from "./caller.ts";
import type { Act, Perform } from "./perform.ts";
import { TOOL_TOKEN_PREFIX } from "./tool-token.ts";
import { changedRateLimits, type RateLimitChanges } from "./rate-limits.ts";
import type { VirtualKey, VirtualKeyPolicy } from "./virtual-key.ts";
import { assertVirtualKeyName, toolKeyName } from "./virtual-key-name.ts";
import { assertPolicy, OPEN_POLICY, parsePolicy, policyText } from "./virtual-key-policy.ts";
import { noSuchVirtualKey, VirtualKeyReader, type VirtualKeyReaderOptions } from "./virtual-key-reader.ts";
import { type VirtualKeyRecord, virtualKeyOf } from "./virtual-key-record.ts";
import { advanceState, sealRecord } from "./virtual-key-seal.ts";
import { idByReference, insertRecord, recordById, recordsByName, updateRecord } from "./virtual-key-table.ts";
import { type MintedToken, mintVirtualKeyToken } from "./virtual-key-token.ts";

export interface VirtualKeysOptions extends VirtualKeyReaderOptions {
  readonly perform: Perform;
  readonly randomness: Randomness;
  readonly newId: NewId;
}

export interface NewVirtualKey {
  readonly name: string;
  readonly expiresAtMs?: number | null;
  /** What is not said is not limited. */
  readonly policy?: Partial<VirtualKeyPolicy>;
  /** Changes to the policy's limits, one by one. */
  readonly rateLimits?: RateLimitChanges;
  /** Changes to the policy's metadata, one by one; `null` takes an entry out. */
  readonly metadata?: Readonly<Record<string, string | null>>;
}

/** What is not named stays as it is. */
export type VirtualKeyChanges = Partial<NewVirtualKey>;

/** A virtual key with its token, which is shown once and stored nowhere. */
export interface IssuedVirtualKey {
  readonly virtualKey: VirtualKey;
  readonly token: Secret;
}

/** What can be said of a virtual key while the vault is locked. */
export interface Tombstone {
  readonly id: string;
  readonly name: string;
  readonly state: "disabled" | "revoked";
}

/**
 * The virtual keys of this home. Every change is one audited transaction whose subject is the key's id. A reference
 * is an id or a name. Reading checks each row's MAC, so it needs the vault unlocked; disabling and revoking do not.
 */
export class VirtualKeys extends VirtualKeyReader {
  readonly #options: VirtualKeysOptions;

  constructor(options: VirtualKeysOptions) {
    super(options);
    this.#options = options;
  }

  /** @throws AppError `invalid_input`, `already_exists`, `denied`, `vault_locked`. */
  async create(caller: Caller, input: NewVirtualKey): Promise<IssuedVirtualKey> {
    const minted = mintVirtualKeyToken(this.#options.randomness);
    const virtualKey = await this.#insert(caller, MANAGE.permission, input, minted);
    return { virtualKey, token: minted.token };
  }

  /** @throws AppError `invalid_input`, `already_exists`, `conflict` when revoked, and as {@link resolve}. */
  async set(caller: Caller, reference: string, changes: VirtualKeyChanges): Promise<VirtualKey> {
    const named = Object.keys(changes).filter((name) => name !== "policy");
    const changed = [...named, ...Object.keys(changes.policy ?? {})];
    const act = { ...MANAGE, action: "virtual_key.set", details: { changed } };
    return await this.#change(caller, reference, act, (record) => {
      const policy = changedPolicy(parsePolicy(record.policyText), changes);
      const name = changes.name ?? record.name;
      assertVirtualKeyName(name);
      assertPolicy(policy);
      const expiresAtMs = changes.expiresAtMs === undefined ? record.expiresAtMs : changes.expiresAtMs;
      return { ...record, name, expiresAtMs, policyText: policyText(policy) };
    });
  }

  /**
   * A new token and the next generation: tool tokens end at once, the old token after `graceMs`.
   * @throws AppError as {@link set}.
   */
  async reissue(caller: Caller, reference: string, { graceMs = 0 } = {}): Promise<IssuedVirtualKey> {
    const { clock, randomness } = this.#options;
    const minted = mintVirtualKeyToken(randomness);
    const act = { ...MANAGE, action: "virtual_key.reissue", details: { graceMs } };
    const virtualKey = await this.#change(caller, reference, act, (record) => ({
      ...record,
      hint: minted.hint,
      tokenHash: minted.hash,
      previousHash: graceMs > 0 ? record.tokenHash : null,
      previousUntilMs: graceMs > 0 ? clock.nowMs() + graceMs : null,
      generation: record.generation + 1,
    }));
    return { virtualKey, token: minted.token };
  }

  /** Ends every tool token issued so far; the virtual key's own token stays. @throws AppError as {@link set}. */
  async endToolTokens(caller: Caller, reference: string): Promise<VirtualKey> {
    const act = { permission: "tokens.issue", action: "token.revoke" } as const;
    return await this.#change(caller, reference, act, (record) => ({
      ...record,
      generation: record.generation + 1,
    }));
  }

  /** Works while the vault is locked. Disabling twice, or a revoked key, changes nothing. */
  async disable(caller: Caller, reference: string): Promise<Tombstone> {
    return await this.#advance(caller, reference, "disabled", { ...MANAGE, action: "virtual_key.disable" });
  }

  /** Works while the vault is locked, and is final. */
  async revoke(caller: Caller, reference: string): Promise<Tombstone> {
    return await this.#advance(caller, reference, "revoked", { ...MANAGE, action: "virtual_key.revoke" });
  }

  /** @throws AppError `conflict` when revoked, `vault_locked`, and as {@link resolve}. */
  async enable(caller: Caller, reference: string): Promise<VirtualKey> {
    const act = { ...MANAGE, action: "virtual_key.enable" };
    return await this.#change(caller, reference, act, (record) => ({ ...record, state: "active" }));
  }

  /**
   * The virtual key `tool:TOOL`, made if there never was one, with a token that nobody gets to know.
   * @throws AppError `denied` when it was revoked: what renews tokens by itself must not undo that.
   */
  async ensureForTool(caller: Caller, tool: string): Promise<VirtualKey> {
    const name = toolKeyName(tool);
    assertVirtualKeyName(name);
    const made = await recordsByName(this.#options.store, name);
    const current = made.find(({ state }) => state !== "revoked");
    if (current) return this.checked(current);
    if (made.length > 0) throw revokedTool(name);
    const { hash } = mintVirtualKeyToken(this.#options.randomness);
    const unseen = { hash, hint: `${TOOL_TOKEN_PREFIX}…`, token: new Secret("") };
    try {
      return await this.#insert(caller, "tokens.issue", { name, policy: { tool } }, unseen);
    } catch (error) {
      // Somebody else was first.
      if (error instanceof AppError && error.code === "already_exists") return await this.resolve(name);
      throw error;
    }
  }

  async #insert(
    caller: Caller,
    permission: Permission,
    input: NewVirtualKey,
    minted: MintedToken,
  ): Promise<VirtualKey> {
    const { perform, sealer, clock, newId } = this.#options;
    const { name, expiresAtMs = null } = input;
    const whole = changedPolicy(OPEN_POLICY, input);
    assertVirtualKeyName(name);
    assertPolicy(whole);
    const id = newId("vk");
    const act: Act = { action: "virtual_key.create", permission, subject: id, details: { name } };
    return await perform(caller, act, async (tx) => {
      const record = sealRecord(sealer, {
        id,
        name,
        hint: minted.hint,
        tokenHash: minted.hash,
        previousHash: null,
        previousUntilMs: null,
        generation: 1,
        createdAtMs: clock.nowMs(),
        expiresAtMs,
        policyText: policyText(whole),
        state: "active",
        lastUsedAtMs: null,
      });
      await insertRecord(tx, record);
      return virtualKeyOf(record);
    });
  }

  /** Loads, checks, changes, seals and writes in one audited transaction. */
  async #change(
    caller: Caller,
    reference: string,
    act: Omit<Act, "subject">,
    change: (record: VirtualKeyRecord) => VirtualKeyRecord,
  ): Promise<VirtualKey> {
    const { sealer } = this.#options;
    return await this.#performOn(caller, reference, act, async (tx, id) => {
      const record = await this.record(tx, id, tx.forUpdate);
      if (record.state === "revoked") throw revokedError(record.name);
      const changed = sealRecord(sealer, change(record));
      await updateRecord(tx, changed);
      return virtualKeyOf(changed);
    });
  }

  async #advance(
    caller: Caller,
    reference: string,
    state: "disabled" | "revoked",
    act: Omit<Act, "subject">,
  ): Promise<Tombstone> {
    return await this.#performOn(caller, reference, act, async (tx, id) => {
      const record = await recordById(tx, id, tx.forUpdate);
      if (!record) throw noSuchVirtualKey(id);
      const advanced = advanceState(record, state);
      await updateRecord(tx, advanced);
      // Disabling one that is revoked changes nothing.
      return { id, name: record.name, state: advanced.state === "revoked" ? "revoked" : "disabled" };
    });
  }

  /** Whoever may not do this does not learn whether the key exists: such a denial names no subject. */
  async #performOn<T>(
    caller: Caller,
    reference: string,
    act: Omit<Act, "subject">,
    work: (tx: AuditedTx, id: string) => Promise<T>,
  ): Promise<T> {
    const { store, perform } = this.#options;
    const allowed = allow(caller, act.permission);
    const id = allowed ? await idByReference(store, reference) : "";
    return await perform(caller, allowed ? { ...act, subject: id } : act, async (tx) => await work(tx, id));
  }
}

function changedPolicy(
  before: VirtualKeyPolicy,
  { policy, rateLimits, metadata }: VirtualKeyChanges,
): VirtualKeyPolicy {
  const after = { ...before, ...policy };
  const texts = Object.entries({ ...after.metadata, ...metadata });
  return {
    ...after,
    rateLimits: rateLimits === undefined ? after.rateLimits : changedRateLimits(after.rateLimits, rateLimits),
    metadata: Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== null)),
  };
}

const MANAGE = { permission: "virtual_keys.manage" } as const;

function revokedTool(name: string): AppError {
  return new AppError("denied", `the virtual key "${name}" was revoked`, {
    hint: `to let the tool in again: ownkey vk create --name ${name}`,
  });
}

function revokedError(name: string): AppError {
  return new AppError("conflict", `the virtual key "${name}" is revoked, which is final`, {
    hint: `make a new one: ownkey vk create --name ${name}`,
  });
}
