import { expect, test } from "bun:test";
import { generateHybridIdentity, generateIdentity, identityToRecipient } from "age-encryption";
import { AppError, fromUtf8, Secret, utf8 } from "../kernel/index.ts";
import { codeOf } from "./backup.testing.ts";
import { toStream } from "./byte-streams.ts";
import { assertCanSeal, decrypterFor, openSealed, seal, type SealTo } from "./seal.ts";

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

async function sealed(to: SealTo, workFactor?: number): Promise<Uint8Array> {
  const { ciphertext } = await seal(toStream(once(utf8("hello"))), to, workFactor);
  return Bun.readableStreamToBytes(ciphertext);
}

async function opened(ciphertext: Uint8Array, key: Parameters<typeof decrypterFor>[0]): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of openSealed(once(ciphertext), decrypterFor(key))) parts.push(part);
  return fromUtf8(Buffer.concat(parts));
}

test("a passphrase is stretched as age itself does it: scrypt with N = 2^18", async () => {
  const header = Buffer.from(await sealed({ passphrase: new Secret("p") })).toString("latin1", 0, 80);
  expect(header).toMatch(/^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} 18\n/);
});

test("only the right passphrase opens, also one with odd characters", async () => {
  const passphrase = new Secret(" pässphrase\twith 🗝 ");
  const ciphertext = await sealed({ passphrase }, 2);
  expect(await opened(ciphertext, { passphrase })).toBe("hello");
  expect(await codeOf(opened(ciphertext, { passphrase: new Secret("pässphrase") }))).toBe("wrong_passphrase");
});

test("a key of the wrong kind is told like a wrong one", async () => {
  const identity = await generateIdentity();
  const forRecipient = await sealed({ recipients: [await identityToRecipient(identity)] });
  expect(await codeOf(opened(forRecipient, { passphrase: new Secret("p") }))).toBe("wrong_passphrase");
  const withPassphrase = await sealed({ passphrase: new Secret("p") }, 2);
  const identities = [new Secret(identity)];
  expect(await codeOf(opened(withPassphrase, { identities }))).toBe("wrong_passphrase");
});

test("post-quantum recipients work, and are not weakened by a classic one beside them", async () => {
  const hybrid = await generateHybridIdentity();
  const recipient = await identityToRecipient(hybrid);
  expect(await opened(await sealed({ recipients: [recipient] }), { identities: [new Secret(hybrid)] })).toBe(
    "hello",
  );
  const classic = await identityToRecipient(await generateIdentity());
  expect(() => assertCanSeal({ recipients: [recipient, classic] })).toThrow(/cannot be mixed/);
});

test("the proof kept for verification opens what was sealed and writes nothing into the file", async () => {
  const recipient = await identityToRecipient(await generateIdentity());
  const { ciphertext, proof } = await seal(toStream(once(utf8("hello"))), { recipients: [recipient] });
  const bytes = await Bun.readableStreamToBytes(ciphertext);
  const parts: Uint8Array[] = [];
  for await (const part of openSealed(once(bytes), proof)) parts.push(part);
  expect(fromUtf8(Buffer.concat(parts))).toBe("hello");
  expect(Buffer.from(bytes).toString("latin1").match(/^-> /gm)).toHaveLength(1);
});

test("no error quotes the identity, in whatever place it was given", () => {
  const mistyped = "AGE-SECRET-KEY-1" + "Q".repeat(58);
  const attempts = [
    () => decrypterFor({ identities: [new Secret(mistyped)] }),
    () => assertCanSeal({ recipients: [mistyped] }),
    () => assertCanSeal({ recipients: ["age1" + mistyped] }),
  ];
  for (const attempt of attempts) {
    try {
      attempt();
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(Bun.inspect(error)).not.toContain(mistyped);
    }
  }
});
