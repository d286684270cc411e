import { AppError, Secret } from "../../kernel/index.ts";
import type { NewSlot } from "../managed-vault.ts";
import { slotPlace } from "../places.ts";
import { KEY_BYTES } from "../primitives.ts";
import { sealForRecipient } from "./age-identity.ts";
import { createKeyFile, removeKeyFile } from "./key-file.ts";
import { removeFromKeychain, slotItem, storeInKeychain } from "./keychain.ts";
import { DEFAULT_COST, passphraseKey, passphraseParameters } from "./passphrase.ts";
import { formatRecoveryCode, RECOVERY_BYTES, recoveryKey } from "./recovery-code.ts";
import type { SlotHost } from "./slot-host.ts";
import type { Slot, SlotKind } from "./slot.ts";
import { slotPublicKey, wrapDirect } from "./wrap.ts";

/** A slot whose secret is already where it belongs (durably), but whose row is not yet written. */
export interface PreparedSlot {
  readonly id: string;
  readonly kind: SlotKind;
  readonly parameters: string;
  readonly publicKey: Uint8Array;
  readonly slotKey: Uint8Array;
  readonly recoveryCode?: Secret;
}

const NO_PARAMETERS = "{}";

/**
 * The slow part and what happens outside the database, before the transaction that inserts the slot.
 * If that fails: {@link discardSlotSecret}.
 * @throws AppError `unsupported` when the keychain does not work here; `invalid_input` for an empty passphrase, or what is
 *   no age recipient.
 */
export async function prepareSlot(request: NewSlot, vaultId: string, host: SlotHost): Promise<PreparedSlot> {
  const id = host.newId("slot");
  const { slotKey, parameters, ...rest } = await slotSecret(request, vaultId, id, host);
  const publicKey = slotPublicKey(slotKey);
  return { id, kind: request.kind, parameters: parameters ?? NO_PARAMETERS, publicKey, slotKey, ...rest };
}

async function slotSecret(
  request: NewSlot,
  vaultId: string,
  id: string,
  host: SlotHost,
): Promise<{ slotKey: Uint8Array; parameters?: string; recoveryCode?: Secret }> {
  switch (request.kind) {
    case "keychain": {
      const slotKey = host.randomness(KEY_BYTES);
      const item = slotItem(vaultId, id);
      if (host.keychain && (await storeInKeychain(host.keychain, item, slotKey))) return { slotKey };
      throw new AppError("unsupported", "the keychain of this system cannot be used here", {
        hint: "it needs a desktop session; otherwise: ownkey slots add key-file",
      });
    }
    case "key_file": {
      const slotKey = host.randomness(KEY_BYTES);
      createKeyFile(host.home, id, slotKey);
      return { slotKey };
    }
    case "passphrase": {
      if (request.passphrase.lengthChars === 0) {
        throw new AppError("invalid_input", "the passphrase is empty", { hint: "choose several words" });
      }
      const parameters = passphraseParameters(request.cost ?? DEFAULT_COST, host.randomness);
      return { slotKey: await passphraseKey(request.passphrase, parameters), parameters };
    }
    case "recovery_code": {
      const bytes = host.randomness(RECOVERY_BYTES);
      return { slotKey: recoveryKey(bytes), recoveryCode: new Secret(formatRecoveryCode(bytes)) };
    }
    case "age_identity": {
      const slotKey = host.randomness(KEY_BYTES);
      return { slotKey, parameters: await sealForRecipient(request.recipient, slotKey) };
    }
  }
}

/** The slot with the vault key in it. */
export function fillSlot(
  prepared: PreparedSlot,
  vault: { vaultId: string; generation: number; vaultKey: Uint8Array },
  host: SlotHost,
): Slot {
  const { slotKey, recoveryCode: _shownOnce, ...slot } = prepared;
  const place = slotPlace(vault.vaultId, slot, vault.generation);
  return {
    ...slot,
    generation: vault.generation,
    wrapped: wrapDirect(slotKey, place, vault.vaultKey, host.randomness),
    createdAtMs: host.clock.nowMs(),
  };
}

/** Deletes what opened a slot that is not, or no longer, in the database. */
export async function discardSlotSecret(
  { id, kind }: { id: string; kind: string },
  vaultId: string,
  { home, keychain }: SlotHost,
): Promise<void> {
  if (kind === "key_file") removeKeyFile(home, id);
  if (kind === "keychain" && keychain) await removeFromKeychain(keychain, slotItem(vaultId, id));
}
