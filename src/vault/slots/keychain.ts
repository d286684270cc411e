import { fromBase64Url, toBase64Url } from "../../kernel/index.ts";
import { KEY_BYTES } from "../primitives.ts";

/** The operating system's keychain. Always optional: without a desktop session every call may fail. */
export interface Keychain {
  /** `undefined` when there is no such item. */
  get(item: string): Promise<string | undefined>;
  set(item: string, value: string): Promise<void>;
  delete(item: string): Promise<void>;
}

const SERVICE = "ownkey";

/** macOS Keychain, or the Secret Service of a Linux desktop. */
export const systemKeychain: Keychain = {
  get: async (name) => (await Bun.secrets.get({ service: SERVICE, name })) ?? undefined,
  set: async (name, value) => await Bun.secrets.set({ service: SERVICE, name, value }),
  delete: async (name) => {
    await Bun.secrets.delete({ service: SERVICE, name });
  },
};

export function slotItem(vaultId: string, slotId: string): string {
  return `${vaultId}/${slotId}`;
}

/** Stores a slot key and reads it back; false when the keychain does not work here. */
export async function storeInKeychain(
  keychain: Keychain,
  item: string,
  slotKey: Uint8Array,
): Promise<boolean> {
  const value = toBase64Url(slotKey);
  try {
    await keychain.set(item, value);
    return (await keychain.get(item)) === value;
  } catch {
    return false;
  }
}

/** The slot key; `undefined` when the item is not there, holds something else, or the keychain does not work. */
export async function readFromKeychain(keychain: Keychain, item: string): Promise<Uint8Array | undefined> {
  try {
    const slotKey = fromBase64Url((await keychain.get(item)) ?? "");
    return slotKey?.length === KEY_BYTES ? slotKey : undefined;
  } catch {
    return undefined;
  }
}

/** An item that stays behind opens nothing any more: failing is harmless. */
export async function removeFromKeychain(keychain: Keychain, item: string): Promise<void> {
  try {
    await keychain.delete(item);
  } catch {
    // See above.
  }
}
