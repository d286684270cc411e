import { AppError, equalBytes } from "../../kernel/index.ts";
import type { UnlockInput } from "../managed-vault.ts";
import { slotPlace } from "../places.ts";
import { KEY_BYTES } from "../primitives.ts";
import { openWithIdentity } from "./age-identity.ts";
import { readKeyFile } from "./key-file.ts";
import { readFromKeychain, slotItem } from "./keychain.ts";
import { passphraseKey } from "./passphrase.ts";
import { parseRecoveryCode, recoveryKey } from "./recovery-code.ts";
import type { SlotHost } from "./slot-host.ts";
import type { Slot } from "./slot.ts";
import { slotPublicKey, unwrap } from "./wrap.ts";

export interface OpenedSlot {
  readonly slot: Slot;
  readonly vaultKey: Uint8Array;
}

/**
 * Tries the slots that the input may open, one after another.
 * @throws AppError as `ManagedVault.unlock` says.
 */
export async function openSlot(
  slots: readonly Slot[],
  vaultId: string,
  input: UnlockInput,
  host: SlotHost,
): Promise<OpenedSlot> {
  let tried = 0;
  for (const slot of slots) {
    const slotKey = await slotKeyFor(slot, vaultId, input, host);
    if (!slotKey) continue;
    tried += 1;
    const vaultKey = unwrap(slotKey, slotPlace(vaultId, slot, slot.generation), slot.wrapped);
    if (vaultKey) return { slot, vaultKey };
  }
  throw tried === 0 ? noUsableSlot(slots, input) : doesNotOpen(input);
}

/** Slot keys that are at hand without anybody, for those slots that they really belong to. */
export async function slotKeysAtHand(
  slots: readonly Slot[],
  vaultId: string,
  host: SlotHost,
): Promise<Map<string, Uint8Array>> {
  const keys = new Map<string, Uint8Array>();
  for (const slot of slots) {
    const slotKey = await slotKeyFor(slot, vaultId, { kind: "automatic" }, host);
    if (slotKey && equalBytes(slotPublicKey(slotKey), slot.publicKey)) keys.set(slot.id, slotKey);
  }
  return keys;
}

async function slotKeyFor(
  slot: Slot,
  vaultId: string,
  input: UnlockInput,
  { home, keychain }: SlotHost,
): Promise<Uint8Array | undefined> {
  switch (input.kind) {
    case "automatic":
      if (slot.kind === "key_file") return readKeyFile(home, slot.id);
      if (slot.kind !== "keychain" || !keychain) return undefined;
      return await readFromKeychain(keychain, slotItem(vaultId, slot.id));
    case "passphrase":
      if (slot.kind !== "passphrase") return undefined;
      return await passphraseKey(input.passphrase, slot.parameters);
    case "recovery_code": {
      if (slot.kind !== "recovery_code") return undefined;
      const bytes = parseRecoveryCode(input.code.reveal());
      if (!bytes) throw mistyped();
      return recoveryKey(bytes);
    }
    case "age_identity":
      if (slot.kind !== "age_identity") return undefined;
      return (await openWithIdentity(input.identities, slot.parameters)) ?? NO_KEY;
  }
}

/** Opens nothing: the slot was tried, and what was given does not fit it. */
const NO_KEY = new Uint8Array(KEY_BYTES);

function mistyped(): AppError {
  return new AppError("invalid_input", "this is not a recovery code: a character is missing or mistyped", {
    hint: "it has 36 letters and digits in groups of six; type it again",
  });
}

function noUsableSlot(slots: readonly Slot[], input: UnlockInput): AppError {
  const kinds = [...new Set(slots.map((slot) => slot.kind))];
  const tried = input.kind === "automatic" ? kinds.filter(needsNobody) : [input.kind];
  const wanted = tried.length === 0 ? "the keychain or a key file" : tried.map(spoken).join(" or ");
  return new AppError("no_usable_slot", `the vault cannot be opened with ${wanted} here`, {
    hint: kinds.every(needsNobody)
      ? kinds.map((kind) => WAY_BACK[kind]).join("; or ") || "restore a backup: ownkey backup restore FILE"
      : "unlock with: ownkey unlock (--passphrase-stdin, --recovery-code-stdin, --age-identity FILE)",
    details: { slots: kinds },
  });
}

/** What makes a slot usable again that opens without anybody. */
const WAY_BACK = {
  keychain: "unlock this system's keychain, or log in where it is, and try again",
  key_file: "put the key file unlock-<slot>.key back into the home",
} as const;

function needsNobody(kind: Slot["kind"]): kind is keyof typeof WAY_BACK {
  return kind in WAY_BACK;
}

function spoken(kind: string): string {
  return kind === "keychain" || kind === "key_file"
    ? `the ${kind.replace("_", " ")}`
    : kind.replace("_", " ");
}

function doesNotOpen(input: UnlockInput): AppError {
  switch (input.kind) {
    case "automatic":
      return new AppError(
        "corrupt",
        "the key file or keychain item does not open the vault: one of them was changed",
        {
          hint: "unlock with a passphrase or the recovery code, or: ownkey backup restore FILE",
        },
      );
    case "passphrase":
      return new AppError("wrong_passphrase", "this passphrase does not open the vault", {
        hint: "type it again; with the recovery code: ownkey unlock --recovery-code-stdin",
      });
    case "recovery_code":
      return new AppError("wrong_passphrase", "this is not the recovery code of this vault", {
        hint: "use the newest code; making a new one ended the older ones' use",
      });
    case "age_identity":
      return new AppError("wrong_passphrase", "this age identity does not open the vault", {
        hint: "give the identity of the recipient that the slot was made for",
      });
  }
}
