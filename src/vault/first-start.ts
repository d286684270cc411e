import type { Caller } from "../access/index.ts";
import { AppError } from "../kernel/index.ts";
import { textOf } from "../store/index.ts";
import { remembersVault, vaultIsGone } from "./anchor.ts";
import { insertHierarchy, newHierarchy } from "./hierarchy.ts";
import { readVaultRow } from "./key-ring.ts";
import type { HandedKey, ManagedVault, SlotInfo, UnlockInput, UnlockOptions } from "./managed-vault.ts";
import { discardSlotSecret, prepareSlot, type PreparedSlot } from "./slots/new-slot.ts";
import { keyFilePath } from "./slots/key-file.ts";
import { readSlots } from "./slots/slot.ts";
import { StoredVault, type StoredVaultOptions } from "./stored-vault.ts";

export interface OpenVaultOptions extends StoredVaultOptions, UnlockOptions {
  /** Who starts; recorded with the creation and the unlocking. */
  caller: Caller;
  /** How an existing vault is opened; `automatic` unless told. */
  input?: UnlockInput;
  /** For a process that gets the key handed over and opens no slot: the key, or `null` while the vault is locked. */
  handed?: HandedKey | null;
}

export interface OpenedVault {
  /** Locked when only a person can open it. */
  readonly vault: ManagedVault;
  readonly openedBy: SlotInfo | undefined;
  /** Set on the first start: what protects the new vault and what does not, for the user to read once. */
  readonly statement?: string | undefined;
}

/**
 * Opens the vault of this store, or makes one when there is none: no question asked, the keychain if it works, else a
 * key file. Of several first starts at once one makes the vault and all open that one.
 * @throws AppError `no_usable_slot` when the vault can be opened neither automatically nor by a person; nothing is
 *   created then; `rolled_back` when this home has had a vault and the database has none. Otherwise as `ManagedVault.unlock` says.
 */
export async function openOrCreateVault(options: OpenVaultOptions): Promise<OpenedVault> {
  // First: a vault's row is committed before the home remembers it.
  const remembered = remembersVault(options.home);
  const row = await readVaultRow(options.store);
  if (row) return await openVault(textOf(row, "id"), options);
  // A gateway process is started by one that has opened the vault: it makes none.
  if (remembered || options.handed !== undefined) throw vaultIsGone(options.home);
  const { vaultId, statement } = await createVault(options);
  return { ...(await openVault(vaultId, options)), ...(statement === undefined ? {} : { statement }) };
}

/** Where no vault was made, for whoever only looks: locked, and with nothing in it. Makes none. */
export function noVault(options: StoredVaultOptions): ManagedVault {
  return new StoredVault("", options);
}

async function openVault(vaultId: string, options: OpenVaultOptions): Promise<OpenedVault> {
  const vault = new StoredVault(vaultId, options);
  if (options.handed !== undefined) {
    if (options.handed) await vault.takeOver(options.caller, options.handed);
    return { vault, openedBy: undefined };
  }
  const input = options.input ?? { kind: "automatic" };
  try {
    const openedBy = await vault.unlock(options.caller, input, options);
    return { vault, openedBy };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "no_usable_slot") throw error;
    if (input.kind !== "automatic" || !(await aPersonCanOpen(options))) throw error;
    return { vault, openedBy: undefined };
  }
}

async function aPersonCanOpen({ store }: OpenVaultOptions): Promise<boolean> {
  return (await readSlots(store)).some(({ kind }) => kind !== "keychain" && kind !== "key_file");
}

/** Makes the vault, or finds that another process was faster and leaves nothing of its own behind. */
async function createVault(options: OpenVaultOptions): Promise<{ vaultId: string; statement?: string }> {
  const vaultId = options.newId("vault");
  options.step?.("create");
  const slot = await firstSlot(vaultId, options);
  options.step?.("create.slot");
  try {
    await insertVault(vaultId, slot, options);
  } catch (error) {
    const row = await readVaultRow(options.store);
    const winnerId = row && textOf(row, "id");
    if (winnerId !== vaultId) await discardSlotSecret(slot, vaultId, options);
    if (winnerId === undefined) throw error;
    return { vaultId: winnerId };
  }
  options.step?.("create.committed");
  return { vaultId, statement: statementOf(slot, options.home) };
}

async function firstSlot(vaultId: string, options: OpenVaultOptions): Promise<PreparedSlot> {
  try {
    return await prepareSlot({ kind: "keychain" }, vaultId, options);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "unsupported") throw error;
    return await prepareSlot({ kind: "key_file" }, vaultId, options);
  }
}

async function insertVault(vaultId: string, slot: PreparedSlot, options: OpenVaultOptions): Promise<void> {
  const hierarchy = newHierarchy(vaultId, options);
  const details = { slot: slot.id, kind: slot.kind };
  const act = { action: "vault.create", permission: "vault.manage", subject: vaultId, details } as const;
  await options.perform(options.caller, act, async (tx) => {
    if (await readVaultRow(tx)) throw new AppError("conflict", "another process has just made the vault");
    await insertHierarchy(tx, hierarchy, slot, options);
    options.step?.("create.written");
  });
  hierarchy.ring.wipe();
  hierarchy.root.fill(0);
}

function statementOf({ id, kind }: PreparedSlot, home: string): string {
  if (kind === "keychain") {
    return (
      "Your keys are encrypted. The key to them is in this system's keychain: it protects them in backups and on " +
      "a stolen disk, but not from programs that you run while you are logged in and that the keychain lets read it."
    );
  }
  return (
    `Your keys are encrypted. The key to them is the file ${keyFilePath(home, id)}, readable by you only: it protects ` +
    "the database when that alone is copied, but any program that runs as you can read both. " +
    `For more: ownkey slots add passphrase, then ownkey slots remove ${id}`
  );
}
