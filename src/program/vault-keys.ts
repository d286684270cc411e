import type { Caller } from "../access/index.ts";
import type { Control, VaultKeys } from "../control/index.ts";
import { systemRandomness } from "../kernel/index.ts";
import { KnownKeyIndex, type KnownKeyEntry } from "../scan/index.ts";

/** The keys of an opened home, for the scanner; each is audited as read. */
export async function vaultKeys(
  { vault, connections }: Pick<Control, "vault" | "connections">,
  caller: Caller,
): Promise<VaultKeys> {
  if (vault.locked) return { problem: "the vault is locked: its keys are found by their format only" };
  const entries: KnownKeyEntry[] = [];
  const all = await connections.list();
  for (const connection of all) {
    for (const { id, name, fingerprint, state, version } of await connections.keysOf(connection.id)) {
      // A value that is not lent is not read for this either.
      if (state !== "active" || version === 0) continue;
      const secret = await connections.borrow(caller, id, "key.scan");
      const provider = connection.preset ?? connection.provider;
      entries.push({ key: { name: `${connection.name}/${name}`, fingerprint, provider }, secret });
    }
  }
  return {
    index: new KnownKeyIndex(entries, systemRandomness),
    values: new Map(entries.map(({ key, secret }) => [key.name, secret])),
    connections: all,
  };
}
