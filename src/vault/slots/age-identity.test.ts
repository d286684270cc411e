import { expect, test } from "bun:test";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { Secret } from "../../kernel/index.ts";
import { ADA, addSecret, codeOf, openTestHome, openValue, providerKey } from "../vault.testing.ts";

async function person() {
  const identity = await generateIdentity();
  const file = new Secret(`# created: 2026-01-31\n# public key: age1…\n${identity}\n`);
  return { file, recipient: await identityToRecipient(identity) };
}

test("an age identity opens the vault, also after the vault got new keys without it", async () => {
  await using home = await openTestHome();
  const first = await home.open();
  const ada = await person();
  await addSecret(home, first.vault, "key_1");
  await first.vault.addSlot(ADA, { kind: "age_identity", recipient: ada.recipient });
  // Needs no identity: this slot's new key is wrapped for its public key.
  await first.vault.removeSlot(ADA, first.openedBy?.id ?? "");

  const { vault } = await home.open();
  expect(vault.locked).toBe(true);
  const opened = await vault.unlock(ADA, { kind: "age_identity", identities: ada.file });
  expect(opened.kind).toBe("age_identity");
  expect(await openValue(home, vault, "key_1")).toBe(providerKey("key_1").reveal());
});

test("another identity does not open it; what holds none is told apart", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const [ada, eve] = [await person(), await person()];
  const unlock = (identities: Secret) => async () =>
    await vault.unlock(ADA, { kind: "age_identity", identities });
  expect(await codeOf(unlock(ada.file))).toBe("no_usable_slot");
  await vault.addSlot(ADA, { kind: "age_identity", recipient: ada.recipient });
  vault.lock("explicit");
  expect(await codeOf(unlock(eve.file))).toBe("wrong_passphrase");
  for (const text of ["", "# only words\n", "nothing of the kind", ada.recipient]) {
    expect(await codeOf(unlock(new Secret(text)))).toBe("invalid_input");
  }
  expect(vault.locked).toBe(true);
  // A file may hold several.
  await unlock(new Secret(`${eve.file.reveal()}${ada.file.reveal()}`))();
  expect(vault.locked).toBe(false);
});

test("with two such slots each person's identity opens it", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const people = [await person(), await person()];
  for (const { recipient } of people) await vault.addSlot(ADA, { kind: "age_identity", recipient });
  for (const { file } of people) {
    vault.lock("explicit");
    await vault.unlock(ADA, { kind: "age_identity", identities: file });
    expect(vault.locked).toBe(false);
  }
});

test("what is no recipient makes no slot, and is not repeated in the error", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const identity = await generateIdentity();
  for (const recipient of ["", "age1", "ssh-ed25519 AAAA", identity]) {
    const refusal: unknown = await vault
      .addSlot(ADA, { kind: "age_identity", recipient })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid_input" });
    expect(Bun.inspect(refusal)).not.toContain(identity);
  }
  expect(await vault.slots(home.store)).toHaveLength(1);
});
