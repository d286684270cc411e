import { concatBytes, equalBytes, lengthPrefixed, toHex, utf8 } from "../kernel/index.ts";
import { ed25519PublicKey, ed25519Sign, hkdfSha256, hmacSha256, KEY_BYTES } from "./primitives.ts";
import { damaged, isLocked } from "./refusals.ts";

const NO_SALT = new Uint8Array();

/**
 * The keys for everything but encryption: row MACs, the protected rows' sum, fingerprints, keyed hashes and the
 * signature of checkpoints. All come from one random root, sealed in the vault's own row, so that they outlive a
 * change of slots: fingerprints stay, and rows of other rooms need no new MAC.
 */
export class SystemKeys {
  readonly #vaultId: string;
  readonly #root: Uint8Array;
  readonly #rowKey: Uint8Array;
  readonly #sumKey: Uint8Array;
  readonly #hashKeys = new Map<string, Uint8Array>();
  #wiped = false;

  constructor(vaultId: string, root: Uint8Array) {
    this.#vaultId = vaultId;
    this.#root = root;
    this.#rowKey = this.#derive("row mac");
    this.#sumKey = this.#derive("protected sum");
  }

  /** MAC over a row's content, bound to vault, table and id. 32 bytes. */
  rowMac(table: string, id: string, content: Uint8Array): Uint8Array {
    return hmacSha256(
      this.#usable(this.#rowKey),
      lengthPrefixed("ownkey row 1", this.#vaultId, table, id, content),
    );
  }

  /** @throws AppError `corrupt` naming table and id. */
  checkRowMac(table: string, id: string, content: Uint8Array, mac: Uint8Array): void {
    if (equalBytes(this.rowMac(table, id, content), mac)) return;
    throw damaged(`the row ${id} of ${table} was changed outside Ownkey`, { table, record: id });
  }

  /**
   * What a row adds to the protected rows' sum. Not the MAC itself, which stands in the row for everybody to read:
   * with many known summands, other rows with the same sum could be searched for.
   */
  sumDigest(rowMac: Uint8Array): Uint8Array {
    return hmacSha256(this.#usable(this.#sumKey), rowMac);
  }

  fingerprint(value: Uint8Array): string {
    return `fp_${toHex(this.keyedHash("fingerprint", value).subarray(0, 6))}`;
  }

  keyedHash(purpose: string, data: Uint8Array): Uint8Array {
    let key = this.#hashKeys.get(purpose);
    if (!key) {
      key = this.#derive(`hash ${purpose}`);
      this.#hashKeys.set(purpose, key);
    }
    return hmacSha256(this.#usable(key), data);
  }

  publicKey(): Uint8Array {
    return ed25519PublicKey(this.#derive("signature"));
  }

  sign(message: Uint8Array): Uint8Array {
    return ed25519Sign(this.#derive("signature"), message);
  }

  /** Overwrites the keys as far as JavaScript lets us; afterwards every method throws `vault_locked`. */
  wipe(): void {
    this.#wiped = true;
    for (const key of [this.#root, this.#rowKey, this.#sumKey, ...this.#hashKeys.values()]) key.fill(0);
  }

  #derive(purpose: string): Uint8Array {
    return hkdfSha256(
      this.#usable(this.#root),
      NO_SALT,
      concatBytes(utf8("ownkey system 1 "), utf8(purpose)),
      KEY_BYTES,
    );
  }

  /** An overwritten key would do as a key like any other: nothing may ever be made with it. */
  #usable(key: Uint8Array): Uint8Array {
    if (this.#wiped) throw isLocked();
    return key;
  }
}
