import type { Caller, Perform } from "../../access/index.ts";
import { type Queries, type Store, textOf } from "../../store/index.ts";
import { discardSlotSecret } from "./new-slot.ts";
import type { SlotHost } from "./slot-host.ts";
import { readSlots } from "./slot.ts";

// The rows of `vault_removed_slots`, written with a slot's removal, are the note that its key file or keychain item is
// still there: an old backup would open with it.

export interface DiscardOptions extends SlotHost {
  vaultId: string;
  store: Store;
  perform: Perform;
  step?: (point: string) => void;
}

export async function hasRemovedSlots(queries: Queries): Promise<boolean> {
  return (await removedSlots(queries)).length > 0;
}

/** Deletes what opened them, then the note. A slot that is in use loses nothing, whatever a note says. */
export async function discardRemovedSlots(caller: Caller, options: DiscardOptions): Promise<void> {
  const { store, perform, vaultId, step } = options;
  const present = new Set((await readSlots(store)).map(({ id }) => id));
  for (const slot of await removedSlots(store)) {
    if (!present.has(slot.id)) await discardSlotSecret(slot, vaultId, options);
    step?.("slot.discarded");
    const act = { action: "slot.discard", permission: "vault.manage", subject: vaultId } as const;
    await perform(caller, { ...act, details: slot }, async (tx) => {
      await tx.run("DELETE FROM vault_removed_slots WHERE id = ?", [slot.id]);
    });
  }
}

async function removedSlots(queries: Queries): Promise<{ id: string; kind: string }[]> {
  const rows = await queries.all("SELECT id, kind FROM vault_removed_slots ORDER BY id");
  return rows.map((row) => ({ id: textOf(row, "id"), kind: textOf(row, "kind") }));
}
