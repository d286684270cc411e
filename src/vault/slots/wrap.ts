/**
 * The vault key as a slot holds it, in one of two forms:
 *
 *     0x01 · envelope under the slot key                          written when the slot key is at hand
 *     0x02 · ephemeral X25519 public key (32) · envelope          written when it is not
 *          under HKDF-SHA256(key = X25519(ephemeral, slot's public key),
 *                            salt = ephemeral public key · slot's public key, info = "ownkey slot wrap 1", 32 bytes)
 *
 * The slot's X25519 private key is HKDF-SHA256(slot key, no salt, "ownkey slot key pair 1", 32 bytes); its public key
 * stands in the slot's row. The second form exists because taking one slot away makes a new vault key, and the
 * passphrase of another slot is not at hand then. Keeping the slot keys themselves under the vault key would do as
 * well, but whoever once held the vault key would then open every later one.
 */
import { concatBytes, type Randomness, utf8 } from "../../kernel/index.ts";
import { type Place, sealEnvelope, tryOpenEnvelope } from "../envelope.ts";
import { hkdfSha256, KEY_BYTES, x25519, x25519PublicKey } from "../primitives.ts";

const DIRECT = 1;
const TO_PUBLIC_KEY = 2;
const NO_SALT = new Uint8Array();

export function slotPublicKey(slotKey: Uint8Array): Uint8Array {
  return x25519PublicKey(privateKeyOf(slotKey));
}

export function wrapDirect(
  slotKey: Uint8Array,
  place: Place,
  vaultKey: Uint8Array,
  randomness: Randomness,
): Uint8Array {
  return concatBytes(Uint8Array.of(DIRECT), sealEnvelope(slotKey, place, vaultKey, randomness));
}

/** `undefined` when the public key is none that a slot could have. */
export function wrapToPublicKey(
  publicKey: Uint8Array,
  place: Place,
  vaultKey: Uint8Array,
  randomness: Randomness,
): Uint8Array | undefined {
  const ephemeral = randomness(KEY_BYTES);
  const ephemeralPublic = x25519PublicKey(ephemeral);
  const shared = x25519(ephemeral, publicKey);
  if (!shared) return undefined;
  const wrappingKey = agreedKey(shared, ephemeralPublic, publicKey);
  const envelope = sealEnvelope(wrappingKey, place, vaultKey, randomness);
  return concatBytes(Uint8Array.of(TO_PUBLIC_KEY), ephemeralPublic, envelope);
}

/** The vault key, or `undefined` when this slot key does not open it, or the bytes or their place were changed. */
export function unwrap(slotKey: Uint8Array, place: Place, wrapped: Uint8Array): Uint8Array | undefined {
  if (wrapped[0] === DIRECT) return tryOpenEnvelope(slotKey, place, wrapped.subarray(1));
  if (wrapped[0] !== TO_PUBLIC_KEY) return undefined;
  const ephemeralPublic = wrapped.subarray(1, 1 + KEY_BYTES);
  const shared = x25519(privateKeyOf(slotKey), ephemeralPublic);
  if (!shared) return undefined;
  const wrappingKey = agreedKey(shared, ephemeralPublic, slotPublicKey(slotKey));
  return tryOpenEnvelope(wrappingKey, place, wrapped.subarray(1 + KEY_BYTES));
}

function privateKeyOf(slotKey: Uint8Array): Uint8Array {
  return hkdfSha256(slotKey, NO_SALT, utf8("ownkey slot key pair 1"), KEY_BYTES);
}

function agreedKey(shared: Uint8Array, ephemeralPublic: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const salt = concatBytes(ephemeralPublic, publicKey);
  return hkdfSha256(shared, salt, utf8("ownkey slot wrap 1"), KEY_BYTES);
}
