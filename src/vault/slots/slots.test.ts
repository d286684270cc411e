import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../kernel/index.ts";
import {
  ADA,
  addSecret,
  codeOf,
  errorOf,
  FakeKeychain,
  openTestHome,
  openValue,
  providerKey,
  QUICK_COST,
} from "../vault.testing.ts";
import { keyFilePath } from "./key-file.ts";
import { passphraseKey, passphraseParameters } from "./passphrase.ts";
import { formatRecoveryCode, parseRecoveryCode } from "./recovery-code.ts";

const PASSPHRASE = new Secret("four words of some length");
const passphraseSlot = { kind: "passphrase", passphrase: PASSPHRASE, cost: QUICK_COST } as const;

const keyFiles = (home: string) => readdirSync(home).filter((name) => /^unlock-.*\.key$/.test(name));

test("the first start uses the keychain where it works, and leaves no key file", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  const { vault, openedBy, statement } = await home.open({ keychain });
  expect(openedBy?.kind).toBe("keychain");
  expect(statement).toContain("keychain");
  expect(keyFiles(home.home)).toEqual([]);
  expect([...keychain.items.keys()]).toEqual([`${vault.id}/${openedBy?.id}`]);
  const again = await home.open({ keychain });
  expect([again.vault.locked, again.statement]).toEqual([false, undefined]);
});

test("without a working keychain it uses a key file that only the owner can read, and says what that means", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  keychain.broken = true;
  const { openedBy, statement } = await home.open({ keychain });
  const path = keyFilePath(home.home, openedBy?.id ?? "");
  expect(statement).toContain(path);
  expect(statement).toContain("any program that runs as you can read both");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a key file that others can read is refused with the command that mends it", async () => {
  await using home = await openTestHome();
  const { openedBy } = await home.open();
  const path = keyFilePath(home.home, openedBy?.id ?? "");
  chmodSync(path, 0o644);
  const refusal = await errorOf(async () => await home.open());
  expect(refusal?.code).toBe("insecure_permissions");
  expect(refusal?.hint).toBe(`chmod 600 '${path}'`);
});

test("a vault whose only key is gone is refused, and nothing new is made", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  await home.open({ keychain });
  keychain.items.clear();
  const before = await home.audit.head(home.store);
  expect(await codeOf(async () => await home.open({ keychain }))).toBe("no_usable_slot");
  expect(await codeOf(async () => await home.open())).toBe("no_usable_slot");
  expect(keychain.items.size).toBe(0);
  expect(keyFiles(home.home)).toEqual([]);
  expect((await home.audit.head(home.store)).size).toBe(before.size);
});

test("what cannot be opened says how each of its own slots can be used again", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  await home.open({ keychain });
  keychain.items.clear();
  const refusal = await errorOf(async () => await home.open({ keychain }));
  expect(refusal?.message).toBe("the vault cannot be opened with the keychain here");
  expect(refusal?.hint).toContain("unlock this system's keychain");
  expect(refusal?.hint).not.toContain("key file");
});

test("every byte of a key file counts", async () => {
  await using home = await openTestHome();
  const { openedBy } = await home.open();
  const path = keyFilePath(home.home, openedBy?.id ?? "");
  const content = readFileSync(path);
  for (let at = 0; at < content.length - 1; at++) {
    const changed = Buffer.from(content);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    expect(await codeOf(async () => await home.open())).toBe("corrupt");
  }
  writeFileSync(path, "");
  expect(await codeOf(async () => await home.open())).toBe("corrupt");
});

test("a vault with only a passphrase opens locked and is unlocked by that passphrase alone", async () => {
  await using home = await openTestHome();
  const first = await home.open();
  await addSecret(home, first.vault, "key_1");
  await first.vault.addSlot(ADA, passphraseSlot);
  await first.vault.removeSlot(ADA, first.openedBy?.id ?? "");
  expect(keyFiles(home.home)).toEqual([]);

  const { vault, openedBy } = await home.open();
  expect([vault.locked, openedBy]).toEqual([true, undefined]);
  const wrong = { kind: "passphrase", passphrase: new Secret("four words of some lengthy") } as const;
  expect(await codeOf(async () => await vault.unlock(ADA, wrong))).toBe("wrong_passphrase");
  expect(vault.locked).toBe(true);
  await vault.unlock(ADA, { kind: "passphrase", passphrase: PASSPHRASE });
  expect(await openValue(home, vault, "key_1")).toBe(providerKey("key_1").reveal());
});

test("the recovery code opens the vault however it is typed; a slip is told from a wrong code", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const { recoveryCode } = await vault.addSlot(ADA, { kind: "recovery_code" });
  const text = recoveryCode?.reveal() ?? "";
  expect(text).toMatch(/^(?:[0-9A-Z]{6}-){5}[0-9A-Z]{6}$/);
  const unlock = (code: string) => async () =>
    await vault.unlock(ADA, { kind: "recovery_code", code: new Secret(code) });
  for (const typed of [
    text,
    text.toLowerCase(),
    ` ${text.replaceAll("-", " ")}\n`,
    text.replaceAll("-", ""),
  ]) {
    vault.lock("explicit");
    await unlock(typed)();
    expect(vault.locked).toBe(false);
  }
  expect(await codeOf(unlock(text.slice(1)))).toBe("invalid_input");
  expect(await codeOf(unlock(formatRecoveryCode(new Uint8Array(20))))).toBe("wrong_passphrase");
});

test("a recovery code is read as it was written, and no single slip passes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      expect(parseRecoveryCode(formatRecoveryCode(bytes))).toEqual(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseRecoveryCode(text)).toBeUndefined();
    }),
  );
  const code = formatRecoveryCode(new Uint8Array(20).fill(0xa5));
  for (let at = 0; at < code.length; at++) {
    const slip = code.slice(0, at) + (code[at] === "Z" ? "Y" : "Z") + code.slice(at + 1);
    if (code[at] !== "-") expect(parseRecoveryCode(slip)).toBeUndefined();
  }
});

test("a kind of slot that the vault does not have is no_usable_slot", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const unlock = async () => await vault.unlock(ADA, { kind: "passphrase", passphrase: PASSPHRASE });
  expect(await codeOf(unlock)).toBe("no_usable_slot");
  expect(
    await codeOf(async () => await home.open({ input: { kind: "recovery_code", code: PASSPHRASE } })),
  ).toBe("no_usable_slot");
});

test("a passphrase is the same composed or not, and an empty one is refused", async () => {
  const parameters = passphraseParameters(QUICK_COST, (size) => new Uint8Array(size));
  const composed = await passphraseKey(new Secret("caf\u00e9"), parameters);
  expect(await passphraseKey(new Secret("cafe\u0301"), parameters)).toEqual(composed);
  await using home = await openTestHome();
  const { vault } = await home.open();
  const empty = { kind: "passphrase", passphrase: new Secret("") } as const;
  expect(await codeOf(async () => await vault.addSlot(ADA, empty))).toBe("invalid_input");
});

test("costs below the floor or beyond reason are neither made nor opened", async () => {
  const costs = [
    { memoryKib: 32 * 1024 },
    { memoryKib: 2 ** 31 },
    { passes: 1 },
    { passes: 1_000_000 },
    { lanes: 0 },
    { lanes: 4_096 },
    { memoryKib: 65_536.5 },
    { memoryKib: Number.NaN },
  ];
  for (const cost of costs) {
    const whole = { ...QUICK_COST, ...cost };
    expect(await codeOf(async () => passphraseParameters(whole, (size) => new Uint8Array(size)))).toBe(
      "invalid_input",
    );
    const stored = JSON.stringify({ kdf: "argon2id", salt: "A".repeat(43), ...whole });
    expect(await codeOf(async () => await passphraseKey(PASSPHRASE, stored))).toBe("corrupt");
  }
  for (const stored of ["", "{}", "null", "[]", '{"kdf":"scrypt"}']) {
    expect(await codeOf(async () => await passphraseKey(PASSPHRASE, stored))).toBe("corrupt");
  }
});

test("a slot that cannot be made leaves nothing behind", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  expect(await codeOf(async () => await vault.addSlot(ADA, { kind: "keychain" }))).toBe("unsupported");
  const gateway = { kind: "gateway", node: "node_1" } as const;
  expect(await codeOf(async () => await vault.addSlot(gateway, { kind: "key_file" }))).toBe("denied");
  expect(keyFiles(home.home)).toHaveLength(1);
  expect(await vault.slots(home.store)).toHaveLength(1);
});

test("the last slot cannot be removed, an unknown one is not found", async () => {
  await using home = await openTestHome();
  const { vault, openedBy } = await home.open();
  expect(await codeOf(async () => await vault.removeSlot(ADA, openedBy?.id ?? ""))).toBe("conflict");
  expect(await codeOf(async () => await vault.removeSlot(ADA, "slot_none"))).toBe("not_found");
  expect(existsSync(join(home.home, keyFiles(home.home)[0] ?? ""))).toBe(true);
});

test("a home that takes no key file is a clean error, and no vault is made", async () => {
  await using home = await openTestHome();
  const nowhere = join(home.home, "not-there");
  expect(await codeOf(async () => await home.open({ home: nowhere }))).toBe("store_unavailable");
  expect(await home.store.all("SELECT * FROM vault")).toEqual([]);
  expect((await home.open()).vault.locked).toBe(false);
});
