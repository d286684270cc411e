import { Decrypter, Encrypter } from "age-encryption";
import { AppError, type Secret } from "../kernel/index.ts";
import { toStream } from "./byte-streams.ts";
import { systemCode } from "./failures.ts";

/** Who can open a backup. Recipients are age public keys (`age1…`, `age1pq1…`). */
export type SealTo = { readonly passphrase: Secret } | { readonly recipients: readonly string[] };

/** What opens a backup. Identities are age secret keys (`AGE-SECRET-KEY-…`). */
export type OpenWith = { readonly passphrase: Secret } | { readonly identities: readonly Secret[] };

/** log2 of scrypt's N: age's own default, about 2 s and 256 MB. The library opens files up to 20. */
export const SCRYPT_WORK_FACTOR = 18;

export interface Sealed {
  readonly ciphertext: ReadableStream<Uint8Array>;
  /**
   * Opens what was just written, to verify it. With a passphrase this is the whole way that a restore takes; for
   * recipients, whose identities are elsewhere, the file key is kept in memory until then, so everything is
   * verified but that the recipient's identity unwraps it.
   */
  readonly proof: Decrypter;
}

/** @throws AppError `invalid_input` when a recipient is malformed or there is none, or the passphrase is empty. */
export async function seal(
  plaintext: ReadableStream<Uint8Array>,
  to: SealTo,
  scryptWorkFactor = SCRYPT_WORK_FACTOR,
): Promise<Sealed> {
  return "passphrase" in to
    ? sealWithPassphrase(plaintext, to.passphrase, scryptWorkFactor)
    : sealForRecipients(plaintext, to.recipients);
}

/** @throws AppError `invalid_input`; call it before any work is done. */
export function assertCanSeal(to: SealTo): void {
  if ("recipients" in to) encrypterFor(to.recipients);
  else if (to.passphrase.lengthChars === 0) throw new AppError("invalid_input", "the passphrase is empty");
}

/**
 * The plaintext of an age file. Pieces are authenticated one by one, the end with the last: use nothing before the
 * iteration is over.
 * @throws AppError `wrong_passphrase` when the key does not fit, `corrupt` when the file is damaged or cut, at the
 *   first piece or during the iteration.
 */
export async function* openSealed(
  ciphertext: AsyncGenerator<Uint8Array, void>,
  decrypter: Decrypter,
): AsyncGenerator<Uint8Array, void> {
  try {
    const plaintext: ReadableStream<Uint8Array> = await decrypter.decrypt(toStream(ciphertext));
    yield* plaintext;
  } catch (error) {
    throw explainAge(error);
  } finally {
    // The library gives a stream up without closing it when it refuses the header.
    await ciphertext.return();
  }
}

/** @throws AppError `invalid_input` when an identity is malformed or there is none. */
export function decrypterFor(key: OpenWith): Decrypter {
  const decrypter = new Decrypter();
  if ("passphrase" in key) {
    decrypter.addPassphrase(key.passphrase.reveal());
    return decrypter;
  }
  if (key.identities.length === 0) throw new AppError("invalid_input", "no age identity was given");
  for (const [index, identity] of key.identities.entries()) {
    try {
      decrypter.addIdentity(identity.reveal());
    } catch {
      // Without the cause: the library's message quotes the identity.
      throw new AppError("invalid_input", `age identity ${index + 1} is not a valid AGE-SECRET-KEY`, {
        hint: "give the line that starts with AGE-SECRET-KEY- of the identity file",
      });
    }
  }
  return decrypter;
}

async function sealWithPassphrase(
  plaintext: ReadableStream<Uint8Array>,
  passphrase: Secret,
  scryptWorkFactor: number,
): Promise<Sealed> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.reveal());
  encrypter.setScryptWorkFactor(scryptWorkFactor);
  return { ciphertext: await encrypter.encrypt(plaintext), proof: decrypterFor({ passphrase }) };
}

async function sealForRecipients(
  plaintext: ReadableStream<Uint8Array>,
  recipients: readonly string[],
): Promise<Sealed> {
  const encrypter = encrypterFor(recipients);
  let fileKey: Uint8Array | undefined;
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key.slice();
      return [];
    },
  });
  const ciphertext = await encrypter.encrypt(plaintext);
  const proof = new Decrypter();
  proof.addIdentity({ unwrapFileKey: () => fileKey ?? null });
  return { ciphertext, proof };
}

function encrypterFor(recipients: readonly string[]): Encrypter {
  if (recipients.length === 0) throw new AppError("invalid_input", "no age recipient was given");
  const isPostQuantum = (recipient: string) => /^age1(?:tag)?pq1/.test(recipient);
  if (new Set(recipients.map(isPostQuantum)).size > 1) {
    throw new AppError("invalid_input", "post-quantum and classic age recipients cannot be mixed", {
      hint: "the weaker kind would decide; use one kind only",
    });
  }
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      // Without the cause: somebody may have given an identity by mistake, and the library's message quotes it.
      throw new AppError("invalid_input", "an age recipient is not valid", {
        hint: "recipients start with age1; ssh keys and plug-ins are not supported",
      });
    }
  }
  return encrypter;
}

function explainAge(error: unknown): unknown {
  if (error instanceof AppError || systemCode(error) !== undefined) return error;
  // The library has no error codes; this text is pinned by a test.
  if (error instanceof Error && error.message.startsWith("no identity matched")) {
    return new AppError("wrong_passphrase", "the passphrase or identity does not open this backup", {
      hint: "a backup made for an age recipient needs its identity, one made with a passphrase the passphrase",
    });
  }
  return new AppError("corrupt", "the backup is damaged, cut short or not an age file", {
    hint: "use another copy of it, or an older backup",
    cause: error,
  });
}
