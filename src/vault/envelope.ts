/**
 * The envelope: how every secret, blob and key of the vault is stored. Format 1, 81 bytes more than its content:
 *
 *     offset  size  content
 *     0       1     format, 0x01
 *     1       32    salt, fresh random bytes for every envelope
 *     33      32    commitment
 *     65      n     ciphertext, as long as the plaintext
 *     65 + n  16    tag of AES-256-GCM
 *
 *     place      = len(1) · len(vault id) · len(table) · len(record id) · len(version) · len(binding)
 *                  where len(x) is the length of x as 8 bytes, big endian, then x: texts as UTF-8, numbers (the format
 *                  and the version) as 8 bytes, big endian; `places.ts` has the tables, ids and bindings in use
 *     okm        = HKDF-SHA256(key = wrapping key, salt, info = "ownkey envelope 1" · place, 64 bytes)
 *     key        = okm[0..32]       commitment = okm[32..64]
 *     ciphertext · tag = AES-256-GCM(key, nonce = 12 zero bytes, associated data = place, plaintext)
 *
 * The nonce is constant because no key is used twice: 32 random bytes of salt make a key per envelope. The commitment
 * is compared before anything is decrypted. AES-GCM alone lets a holder of two keys make one ciphertext that opens
 * under both; and as the place is part of `info`, the commitment also covers where the envelope belongs. Whoever moves
 * an envelope to another row, version, table or vault, cuts it or changes a byte gets `corrupt`.
 *
 * Not covered: an old envelope put back into its own place. The protected rows' sum (`protected-sum.ts`) finds that.
 */
import { concatBytes, equalBytes, lengthPrefixed, type Randomness, utf8 } from "../kernel/index.ts";
import { aesGcmOpen, aesGcmSeal, hkdfSha256, KEY_BYTES } from "./primitives.ts";
import { damaged } from "./refusals.ts";

export const ENVELOPE_FORMAT = 1;
const SALT_BYTES = 32;
const COMMITMENT_BYTES = 32;
const HEAD_BYTES = 1 + SALT_BYTES + COMMITMENT_BYTES;
const TAG_BYTES = 16;
const NONCE = new Uint8Array(12);
const INFO = utf8("ownkey envelope 1");

/** What an envelope adds to its content. */
export const ENVELOPE_OVERHEAD_BYTES = HEAD_BYTES + TAG_BYTES;

/** Where an envelope belongs; it opens nowhere else. */
export interface Place {
  readonly vaultId: string;
  readonly table: string;
  readonly recordId: string;
  readonly version: number;
  /** What else must be the same: connection, collection and generation of the key, parameters of a slot. */
  readonly binding: Uint8Array;
}

export function sealEnvelope(
  wrappingKey: Uint8Array,
  place: Place,
  plaintext: Uint8Array,
  randomness: Randomness,
): Uint8Array {
  const salt = randomness(SALT_BYTES);
  const placeBytes = encodePlace(place);
  const { key, commitment } = deriveKey(wrappingKey, salt, placeBytes);
  const sealed = aesGcmSeal(key, NONCE, placeBytes, plaintext);
  return concatBytes(Uint8Array.of(ENVELOPE_FORMAT), salt, commitment, sealed);
}

/**
 * The content, all of it authenticated.
 * @throws AppError `corrupt` naming table, record and version when the key, the place or any byte is another one.
 */
export function openEnvelope(wrappingKey: Uint8Array, place: Place, envelope: Uint8Array): Uint8Array {
  const plaintext = tryOpenEnvelope(wrappingKey, place, envelope);
  if (plaintext !== undefined) return plaintext;
  const { table, recordId, version } = place;
  throw damaged(`${table} ${recordId} version ${version} was changed or damaged`, {
    table,
    record: recordId,
    version,
  });
}

/** Like {@link openEnvelope}, with `undefined` for `corrupt`: where a wrong key is an ordinary thing (a slot). */
export function tryOpenEnvelope(
  wrappingKey: Uint8Array,
  place: Place,
  envelope: Uint8Array,
): Uint8Array | undefined {
  if (envelope.length < ENVELOPE_OVERHEAD_BYTES || envelope[0] !== ENVELOPE_FORMAT) return undefined;
  const salt = envelope.subarray(1, 1 + SALT_BYTES);
  const placeBytes = encodePlace(place);
  const { key, commitment } = deriveKey(wrappingKey, salt, placeBytes);
  if (!equalBytes(commitment, envelope.subarray(1 + SALT_BYTES, HEAD_BYTES))) return undefined;
  return aesGcmOpen(key, NONCE, placeBytes, envelope.subarray(HEAD_BYTES));
}

function deriveKey(wrappingKey: Uint8Array, salt: Uint8Array, placeBytes: Uint8Array) {
  const okm = hkdfSha256(wrappingKey, salt, concatBytes(INFO, placeBytes), KEY_BYTES + COMMITMENT_BYTES);
  return { key: okm.subarray(0, KEY_BYTES), commitment: okm.subarray(KEY_BYTES) };
}

function encodePlace({ vaultId, table, recordId, version, binding }: Place): Uint8Array {
  return lengthPrefixed(ENVELOPE_FORMAT, vaultId, table, recordId, version, binding);
}
