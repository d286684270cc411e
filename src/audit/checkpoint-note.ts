/**
 * A checkpoint as text, a signed note (C2SP signed-note and tlog-checkpoint):
 *
 *     ownkey audit vault_01j9…          origin: which log
 *     1234                              entries
 *     3Jc…=                             root hash, base64
 *     2026-11-23T10:00:00.000Z          when it was signed
 *                                       an empty line ends what is signed
 *     — vault_01j9… q83v…=              key name, and base64 of key id (4 bytes) and Ed25519 signature (64)
 *
 * The key name is the vault's id, since a key name holds no space. The key id is the beginning of
 * SHA-256(key name, newline, algorithm byte 1, public key). Signed are the lines above the empty one, each with its
 * newline.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { concatBytes, formatTime, toBase64Url, utf8 } from "../kernel/index.ts";

export interface Checkpoint {
  readonly size: number;
  readonly atMs: number;
  readonly root: Uint8Array;
  /** 4 bytes, see above. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** What is signed. */
export function checkpointText(
  vaultId: string,
  { size, root, atMs }: Pick<Checkpoint, "size" | "root" | "atMs">,
): string {
  return `ownkey audit ${vaultId}\n${size}\n${base64(root)}\n${formatTime(atMs)}\n`;
}

/** The whole note, to be shown or kept elsewhere as a witness. */
export function formatCheckpoint(vaultId: string, checkpoint: Checkpoint): string {
  const signature = base64(concatBytes(checkpoint.keyId, checkpoint.signature));
  return `${checkpointText(vaultId, checkpoint)}\n— ${vaultId} ${signature}\n`;
}

export function checkpointKeyId(vaultId: string, publicKey: Uint8Array): Uint8Array {
  const ED25519 = Uint8Array.of(1);
  const hash = createHash("sha256").update(`${vaultId}\n`).update(ED25519).update(publicKey);
  return new Uint8Array(hash.digest()).slice(0, 4);
}

/** False for anything that this key did not sign, however damaged. */
export function signatureHolds(vaultId: string, checkpoint: Checkpoint, publicKey: Uint8Array): boolean {
  if (checkpoint.signature.length !== 64 || Number.isNaN(new Date(checkpoint.atMs).getTime())) return false;
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: toBase64Url(publicKey) },
    format: "jwk",
  });
  return verify(null, utf8(checkpointText(vaultId, checkpoint)), key, checkpoint.signature);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
