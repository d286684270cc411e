import type { Caller, Perform } from "../access/index.ts";
import type { AuditedTx, AuditLog } from "../audit/index.ts";
import { type JsonObject, toAppError } from "../kernel/index.ts";
import type { Queries, Store } from "../store/index.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Lock } from "./lock.ts";
import type { AddedSlot, NewSlot } from "./managed-vault.ts";
import { insertProtected, lockProtected } from "./protected-rows.ts";
import { verifyProtectedRows } from "./protected-sum.ts";
import { keysChanged, noSuchSlot } from "./refusals.ts";
import { beginRekey, type Rekeying } from "./rekey.ts";
import { dropRetiredKeys, hasRetiredKeys, resealSome } from "./reseal.ts";
import { discardSlotSecret, fillSlot, prepareSlot, type PreparedSlot } from "./slots/new-slot.ts";
import { slotKeysAtHand } from "./slots/open-slot.ts";
import { discardRemovedSlots, hasRemovedSlots } from "./slots/removed-slots.ts";
import type { SlotHost } from "./slots/slot-host.ts";
import { readSlots, slotRow } from "./slots/slot.ts";
import { underStillHead } from "./still-head.ts";

export interface SlotChangesOptions extends SlotHost {
  vaultId: string;
  lock: Lock;
  store: Store;
  audit: AuditLog;
  perform: Perform;
  step?: (point: string) => void;
}

interface Change {
  readonly action: string;
  readonly details: JsonObject;
  readonly remove?: string;
  readonly add?: PreparedSlot;
}

/** Changes of slots and keys; `ManagedVault` says what each does. Every step can be the last before a crash. */
export class SlotChanges {
  readonly #options: SlotChangesOptions;

  constructor(options: SlotChangesOptions) {
    this.#options = options;
  }

  async add(caller: Caller, request: NewSlot): Promise<AddedSlot> {
    const prepared = await this.#prepare(request);
    const act = { action: "slot.add", permission: "vault.manage", subject: this.#options.vaultId } as const;
    const details = { slot: prepared.id, kind: prepared.kind };
    await this.#orDiscard(prepared, async () => {
      await this.#options.perform(caller, { ...act, details }, async (tx) => {
        const ring = this.#options.lock.ring();
        const vault = await lockProtected(tx, "vault", [1]);
        if (vault?.generation !== ring.generation) throw keysChanged();
        await insertProtected(
          tx,
          ring.system,
          "vault_slots",
          slotRow(fillSlot(prepared, ring, this.#options)),
        );
      });
    });
    return this.#added(prepared);
  }

  async remove(caller: Caller, id: string): Promise<void> {
    this.#options.lock.ring();
    const kind = await this.#kindOf(id);
    await this.#rekey(caller, { action: "slot.remove", remove: id, details: { slot: id, kind } });
    await this.reseal(caller);
  }

  async replace(caller: Caller, id: string, request: NewSlot): Promise<AddedSlot> {
    await this.#kindOf(id);
    const add = await this.#prepare(request);
    const details = { slot: add.id, kind: add.kind, replaced: id };
    await this.#orDiscard(add, async () => {
      await this.#rekey(caller, { action: "slot.replace", remove: id, add, details });
    });
    try {
      await this.reseal(caller);
    } catch (error) {
      // A recovery code is shown this once, whatever comes after.
      return { ...this.#added(add), unfinished: toAppError(error) };
    }
    return this.#added(add);
  }

  async rekey(caller: Caller): Promise<void> {
    await this.#rekey(caller, { action: "vault.rekey", details: {} });
    await this.reseal(caller);
  }

  async needsReseal(queries: Queries): Promise<boolean> {
    return (await hasRetiredKeys(queries)) || (await hasRemovedSlots(queries));
  }

  async reseal(caller: Caller): Promise<void> {
    const { perform, lock, vaultId, randomness } = this.#options;
    const act = { action: "vault.reseal", permission: "vault.manage", subject: vaultId } as const;
    await discardRemovedSlots(caller, this.#options);
    if (!(await hasRetiredKeys(this.#options.store))) return;
    for (let done = -1; done !== 0;) {
      this.#step("reseal");
      done = await perform(caller, act, async (tx) => await resealSome(tx, lock.ring(), randomness));
    }
    this.#step("reseal.drop");
    const dropped = await perform(caller, act, async (tx) => await dropRetiredKeys(tx, lock.ring()));
    for (const { collection, generation } of dropped) lock.ring().forget(collection, generation);
    this.#step("reseal.done");
  }

  async #rekey(caller: Caller, { action, details, ...change }: Change): Promise<void> {
    const { perform, store, lock, vaultId } = this.#options;
    const slotKeys = await slotKeysAtHand(await readSlots(store), vaultId, this.#options);
    const act = { action, permission: "vault.manage", subject: vaultId, details } as const;
    this.#step("rekey");
    const ring = await perform(caller, act, async (tx) => await this.#begin(tx, { ...change, slotKeys }));
    this.#step("rekey.committed");
    // Locked meanwhile: it stays so.
    if (lock.locked) ring.wipe();
    else lock.unlock(ring);
  }

  async #begin(tx: AuditedTx, rekeying: Rekeying): Promise<KeyRing> {
    const { lock, audit, vaultId } = this.#options;
    const ring = lock.ring();
    // The new vault key is given to every slot in the table: each must be one that this vault made.
    await underStillHead(
      tx,
      audit,
      async (head) => await verifyProtectedRows(tx, vaultId, ring.system, head),
    );
    const renewed = await beginRekey(tx, ring, rekeying, this.#options);
    this.#step("rekey.written");
    return renewed;
  }

  async #prepare(request: NewSlot): Promise<PreparedSlot> {
    this.#options.lock.ring();
    const prepared = await prepareSlot(request, this.#options.vaultId, this.#options);
    this.#step("slot.prepared");
    return prepared;
  }

  async #orDiscard(prepared: PreparedSlot, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // A commit whose confirmation was lost counts: then the slot is there and must stay usable.
      const slots = await readSlots(this.#options.store);
      if (!slots.some(({ id }) => id === prepared.id)) {
        await discardSlotSecret(prepared, this.#options.vaultId, this.#options);
      }
      throw error;
    }
  }

  async #kindOf(id: string): Promise<string> {
    const slot = (await readSlots(this.#options.store)).find((slot) => slot.id === id);
    if (slot) return slot.kind;
    throw noSuchSlot(id);
  }

  #added({ id, kind, recoveryCode }: PreparedSlot): AddedSlot {
    const slot = { id, kind, createdAtMs: this.#options.clock.nowMs() };
    return recoveryCode ? { slot, recoveryCode } : { slot };
  }

  #step(point: string): void {
    this.#options.step?.(point);
  }
}
