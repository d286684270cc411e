import { z } from "zod";
import { AppError, formatTime, type Secret } from "../../kernel/index.ts";
import type { NewSlot, SlotInfo } from "../../vault/index.ts";
import { operation } from "../operation.ts";
import { doneSchema, emptySchema, listOf, secretInput, timeSchema } from "../schemas.ts";

const slotSchema = z.object({
  id: z.string(),
  kind: z.enum(["keychain", "key_file", "passphrase", "recovery_code", "age_identity"]),
  createdAt: timeSchema,
  protects: z.string(),
});

export const list = operation({
  name: "slots.list",
  summary: "The ways the vault can be unlocked",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: listOf(slotSchema),
  async run({ vault, store }) {
    return { items: (await vault.slots(store)).map(slotDocument) };
  },
});

export const add = operation({
  name: "slots.add",
  summary: "Add a way to unlock; a recovery code is shown this once",
  place: "own-process",
  input: z.object({
    kind: z.enum(["keychain", "key-file", "passphrase", "recovery-code", "age-identity"]),
    passphrase: secretInput.optional(),
    ageRecipient: z.string().max(5000).optional(),
  }),
  output: slotSchema.extend({ recoveryCode: z.string().nullable() }),
  async run({ vault }, caller, input) {
    const added = await vault.addSlot(caller, newSlot(input));
    return { ...slotDocument(added.slot), recoveryCode: added.recoveryCode?.reveal() ?? null };
  },
});

export const remove = operation({
  name: "slots.remove",
  summary: "Remove a way to unlock and give the vault new keys",
  place: "anywhere",
  input: z.object({ id: z.string() }),
  output: doneSchema,
  async run({ vault }, caller, { id }) {
    await vault.removeSlot(caller, id);
    return { done: true as const };
  },
});

const SHORTEST_PASSPHRASE = 8;

interface SlotInput {
  readonly kind: "keychain" | "key-file" | "passphrase" | "recovery-code" | "age-identity";
  readonly passphrase?: Secret | undefined;
  readonly ageRecipient?: string | undefined;
}

function newSlot({ kind, passphrase, ageRecipient }: SlotInput): NewSlot {
  switch (kind) {
    case "keychain":
      return { kind: "keychain" };
    case "key-file":
      return { kind: "key_file" };
    case "recovery-code":
      return { kind: "recovery_code" };
    case "age-identity":
      if (ageRecipient === undefined) {
        throw new AppError("invalid_input", "an age slot needs the recipient it is for", {
          hint: "ownkey slots add --age-recipient age1…",
        });
      }
      return { kind: "age_identity", recipient: ageRecipient };
    case "passphrase":
      if (!passphrase || passphrase.lengthChars < SHORTEST_PASSPHRASE) {
        throw new AppError("invalid_input", `a passphrase needs at least ${SHORTEST_PASSPHRASE} characters`, {
          hint: "five or more random words are good",
        });
      }
      return { kind: "passphrase", passphrase };
  }
}

const PROTECTS: Readonly<Record<SlotInfo["kind"], string>> = {
  keychain: "against other users and against a copied disk",
  key_file: "against other users; not against programs you run, nor a copy of this folder",
  passphrase: "against everybody who does not know it",
  recovery_code: "against everybody who does not have it",
  age_identity: "against everybody who does not have the identity",
};

function slotDocument(slot: SlotInfo): z.output<typeof slotSchema> {
  return {
    id: slot.id,
    kind: slot.kind,
    createdAt: formatTime(slot.createdAtMs),
    protects: PROTECTS[slot.kind],
  };
}
