/**
 * A slot for whoever holds an age identity. Its parameters are canonical JSON,
 * `{"recipient":"age1…","sealed":"<an age file that holds the slot key, base64url>"}`: making the slot needs the
 * recipient alone, and the identity is only ever given to unlock. Left out: identities of plug-ins and of SSH.
 */
import {
  AppError,
  canonicalJson,
  fromBase64Url,
  parseJson,
  type Secret,
  stringAt,
  toBase64Url,
} from "../../kernel/index.ts";
import { KEY_BYTES } from "../primitives.ts";
import { damaged } from "../refusals.ts";

/** @throws AppError `invalid_input` when it is no recipient that age files can be written for here. */
export async function sealForRecipient(recipient: string, slotKey: Uint8Array): Promise<string> {
  // The library is large, and a start that nobody attends never needs it.
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    // Without the cause: it quotes what was given, which may be an identity by mistake.
    throw new AppError("invalid_input", "this is not an age recipient", {
      hint: "it begins with age1; age-keygen prints it as the public key",
    });
  }
  const sealed = await encrypter.encrypt(slotKey);
  return canonicalJson({ recipient, sealed: toBase64Url(sealed) });
}

/**
 * The slot key; `undefined` when none of the identities opens it. `text` is what an identity file holds.
 * @throws AppError `invalid_input` when there is no identity in the text; `corrupt` when the parameters are damaged.
 */
export async function openWithIdentity(text: Secret, parameters: string): Promise<Uint8Array | undefined> {
  const sealed = fromBase64Url(stringAt(parseJson(parameters), "sealed") ?? "");
  if (!sealed) throw damaged("the parameters of the age slot are damaged");
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  for (const identity of identitiesIn(text)) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw notAnIdentity();
    }
  }
  try {
    const slotKey = await decrypter.decrypt(sealed);
    return slotKey.length === KEY_BYTES ? slotKey : undefined;
  } catch {
    return undefined;
  }
}

function identitiesIn(text: Secret): string[] {
  const lines = text
    .reveal()
    .split("\n")
    .map((line) => line.trim());
  const identities = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (identities.length === 0) throw notAnIdentity();
  return identities;
}

function notAnIdentity(): AppError {
  return new AppError("invalid_input", "this is not an age identity file", {
    hint: "it holds a line AGE-SECRET-KEY-…; one with a passphrase: age -d FILE | ownkey unlock --age-identity -",
  });
}
