/**
 * The only file of the vault that calls `node:crypto`. Thin wrappers, each checked against Wycheproof's vectors as
 * used here; whatever is built from them is in `envelope.ts`, `system-keys.ts` and `slots/`.
 */
import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { concatBytes } from "../kernel/index.ts";

export const KEY_BYTES = 32;
const GCM_TAG_BYTES = 16;

export function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Bun.CryptoHasher("sha256", key).update(data).digest();
}

/** RFC 5869. @throws RangeError for more than 255 · 32 bytes. */
export function hkdfSha256(
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  sizeBytes: number,
): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, salt, info, sizeBytes));
}

/** AES-256-GCM with a 12-byte nonce; gives ciphertext and, behind it, the 16-byte tag. */
export function aesGcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: GCM_TAG_BYTES });
  cipher.setAAD(associated);
  return concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** The plaintext, or `undefined` when the tag does not fit; never a part of it. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < GCM_TAG_BYTES) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: GCM_TAG_BYTES });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - GCM_TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - GCM_TAG_BYTES));
  try {
    return concatBytes(plaintext, decipher.final());
  } catch {
    return undefined;
  }
}

// RFC 8410: the fixed DER heads before a raw key of 32 bytes.
const ED25519_PRIVATE = Buffer.from("302e020100300506032b657004220420", "hex");
const ED25519_PUBLIC = Buffer.from("302a300506032b6570032100", "hex");
const X25519_PRIVATE = Buffer.from("302e020100300506032b656e04220420", "hex");
const X25519_PUBLIC = Buffer.from("302a300506032b656e032100", "hex");

/** RFC 8032. The seed is the 32-byte private key. */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKey(ED25519_PRIVATE, seed)));
}

export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return rawPublicKey(privateKey(ED25519_PRIVATE, seed));
}

/** False for a wrong signature and for anything that is not a key or a signature. */
export function ed25519Verify(
  publicKeyBytes: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(null, message, publicKey(ED25519_PUBLIC, publicKeyBytes), signature);
  } catch {
    return false;
  }
}

export function x25519PublicKey(seed: Uint8Array): Uint8Array {
  return rawPublicKey(privateKey(X25519_PRIVATE, seed));
}

/** RFC 7748; `undefined` when the other key has low order, that is, when the result would be all zero. */
export function x25519(seed: Uint8Array, otherPublicKey: Uint8Array): Uint8Array | undefined {
  try {
    const shared = diffieHellman({
      privateKey: privateKey(X25519_PRIVATE, seed),
      publicKey: publicKey(X25519_PUBLIC, otherPublicKey),
    });
    return shared.every((byte) => byte === 0) ? undefined : new Uint8Array(shared);
  } catch {
    return undefined;
  }
}

export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** Argon2id (RFC 9106), off the event loop. Gives 32 bytes. */
export async function argon2id(
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: Argon2Cost,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const options = {
    message: passphrase,
    nonce: salt,
    memory: cost.memoryKib,
    passes: cost.passes,
    parallelism: cost.lanes,
    tagLength: KEY_BYTES,
  };
  argon2("argon2id", options, (error, key) => {
    if (error) reject(error);
    else resolve(new Uint8Array(key));
  });
  return await promise;
}

function privateKey(head: Uint8Array, seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([head, seed]), format: "der", type: "pkcs8" });
}

function publicKey(head: Uint8Array, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([head, raw]), format: "der", type: "spki" });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(der.length - KEY_BYTES));
}
