/**
 * The text of a tool token:
 *
 *     sk-ownkey-t- + base64url(claims) + "." + base64url(signature)
 *
 * The claims are canonical JSON: `exp` and `iat` (seconds since 1970), `gen`, `jti`, `kid`, `tool`, `vault`, `vk`.
 * The signature is Ed25519 under the vault's signing key over "ownkey tool token v1", a newline and the claims'
 * bytes; the first line keeps it apart from everything else that the same key signs.
 */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Signer } from "../audit/index.ts";
import {
  AppError,
  canonicalJson,
  concatBytes,
  fromBase64Url,
  fromUtf8,
  numberAt,
  parseJson,
  Secret,
  stringAt,
  toBase64Url,
  toHex,
  utf8,
} from "../kernel/index.ts";

export const TOOL_TOKEN_PREFIX = "sk-ownkey-t-";

export interface ToolTokenClaims {
  /** Which signing key: {@link signingKeyId}. */
  readonly keyId: string;
  readonly vaultId: string;
  readonly virtualKeyId: string;
  /** The virtual key's generation at issue; a later one makes the token stale. */
  readonly generation: number;
  readonly tool: string;
  readonly tokenId: string;
  /** Seconds since 1970 UTC, as in JWT. */
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** Longer than any token that Ownkey writes; nothing longer is looked at. */
const MAX_TOKEN_CHARS = 1024;
const SIGNATURE_BYTES = 64;
const DOMAIN = utf8("ownkey tool token v1\n");

/** @throws AppError `vault_locked` when the signer is. */
export function signToolToken(claims: ToolTokenClaims, signer: Signer): Secret {
  const payload = utf8(canonicalJson(membersOf(claims)));
  const signature = signer.sign(concatBytes(DOMAIN, payload));
  if (!signature) throw lockedError();
  return new Secret(`${TOOL_TOKEN_PREFIX}${toBase64Url(payload)}.${toBase64Url(signature)}`);
}

export interface ParsedToolToken {
  readonly claims: ToolTokenClaims;
  /** The bytes that were signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Takes the text apart; `undefined` unless it has exactly the form above. Nothing in it is proven yet. */
export function parseToolToken(text: string): ParsedToolToken | undefined {
  if (text.length > MAX_TOKEN_CHARS || !text.startsWith(TOOL_TOKEN_PREFIX)) return undefined;
  const [encodedPayload = "", encodedSignature = "", ...rest] = text
    .slice(TOOL_TOKEN_PREFIX.length)
    .split(".");
  const payload = fromBase64Url(encodedPayload);
  const signature = fromBase64Url(encodedSignature);
  if (rest.length > 0 || !payload || signature?.length !== SIGNATURE_BYTES) return undefined;
  const claims = claimsOf(payload);
  return claims && { claims, signed: concatBytes(DOMAIN, payload), signature };
}

/** The public key in the form that verification needs; made once per key, since making it costs as much. */
export function verifyingKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: toBase64Url(publicKey) },
    format: "jwk",
  });
}

export function toolTokenSignatureHolds({ signed, signature }: ParsedToolToken, key: KeyObject): boolean {
  return verify(null, signed, key, signature);
}

/** 16 hex digits that name a signing key. */
export function signingKeyId(publicKey: Uint8Array): string {
  return toHex(new Uint8Array(createHash("sha256").update(publicKey).digest())).slice(0, 16);
}

export function lockedError(): AppError {
  return new AppError("vault_locked", "the vault is locked", { hint: "run: ownkey unlock" });
}

function membersOf(claims: ToolTokenClaims): Record<string, string | number> {
  return {
    exp: claims.expiresAtSeconds,
    gen: claims.generation,
    iat: claims.issuedAtSeconds,
    jti: claims.tokenId,
    kid: claims.keyId,
    tool: claims.tool,
    vault: claims.vaultId,
    vk: claims.virtualKeyId,
  };
}

function claimsOf(payload: Uint8Array): ToolTokenClaims | undefined {
  const value = parsePayload(payload);
  const text = (name: string) => stringAt(value, name) ?? "";
  const integer = (name: string) => numberAt(value, name) ?? -1;
  const claims: ToolTokenClaims = {
    keyId: text("kid"),
    vaultId: text("vault"),
    virtualKeyId: text("vk"),
    generation: integer("gen"),
    tool: text("tool"),
    tokenId: text("jti"),
    issuedAtSeconds: integer("iat"),
    expiresAtSeconds: integer("exp"),
  };
  const whole = Object.values(claims).every((claim: string | number) =>
    typeof claim === "string" ? claim !== "" : Number.isSafeInteger(claim) && claim >= 0,
  );
  return whole ? claims : undefined;
}

function parsePayload(payload: Uint8Array): unknown {
  try {
    return parseJson(fromUtf8(payload));
  } catch {
    return undefined; // not UTF-8
  }
}
