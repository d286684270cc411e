import { z } from "zod";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { emptySchema, secretInput } from "../schemas.ts";

const stateSchema = z.object({ vaultId: z.string(), locked: z.boolean() });

export const lock = operation({
  name: "vault.lock",
  summary: "Lock the vault: nothing is lent or managed until it is unlocked",
  place: "running",
  whileLocked: true,
  input: emptySchema,
  output: stateSchema,
  async run(control, caller) {
    const act = { action: "vault.lock", permission: "vault.lock", subject: control.vault.id } as const;
    await control.perform(caller, act, async () => {});
    control.vault.lock("explicit");
    return stateDocument(control);
  },
});

export const unlock = operation({
  name: "vault.unlock",
  summary: "Unlock the vault by passphrase, recovery code or age identity, else by what needs nobody",
  place: "running",
  whileLocked: true,
  input: z.object({
    passphrase: secretInput.optional(),
    recoveryCode: secretInput.optional(),
    ageIdentities: secretInput.optional(),
  }),
  output: stateSchema,
  async run(control, caller, { passphrase, recoveryCode, ageIdentities }) {
    if (recoveryCode) await control.vault.unlock(caller, { kind: "recovery_code", code: recoveryCode });
    else if (ageIdentities)
      await control.vault.unlock(caller, { kind: "age_identity", identities: ageIdentities });
    else if (passphrase && passphrase.lengthChars > 0)
      await control.vault.unlock(caller, { kind: "passphrase", passphrase });
    else await control.vault.unlock(caller, { kind: "automatic" });
    return stateDocument(control);
  },
});

function stateDocument({ vault }: Control): z.output<typeof stateSchema> {
  return { vaultId: vault.id, locked: vault.locked };
}
