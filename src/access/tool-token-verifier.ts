import { createHash, type KeyObject } from "node:crypto";
import type { Signer } from "../audit/index.ts";
import { equalBytes } from "../kernel/index.ts";
import { SESSION_PREFIX } from "./open-sessions.ts";
import {
  lockedError,
  parseToolToken,
  signingKeyId,
  type ToolTokenClaims,
  toolTokenSignatureHolds,
  verifyingKey,
} from "./tool-token.ts";

export const DEFAULT_TOOL_TOKEN_LIFE_MS = 3_600_000;
export const MAX_TOOL_TOKEN_LIFE_MS = 86_400_000;

/** How far the clocks of two machines may differ. */
const CLOCK_SKEW_SECONDS = 60;

export type ToolTokenRefusal = "malformed" | "unknown" | "expired" | "stale_token";

export interface ToolTokenVerifierOptions {
  /** The vault: it signed the token, and its id is in it. */
  readonly signer: Signer & { readonly id: string };
  /** Which sessions are open: OpenSessions. Without it no session's token is accepted. */
  readonly sessions?: { isOpen(id: string): boolean };
  /** Tokens remembered as verified; default 1,000. */
  readonly maxRemembered?: number;
}

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Checks tool tokens: form, signing key, vault, signature and times. A signature costs about 100 µs, so tokens whose
 * signature held are remembered by their hash, the oldest forgotten first; times and the session, for a token of one,
 * are looked at each time.
 * Whether the generation is current is for the caller to compare, who has the virtual key.
 */
export class ToolTokenVerifier {
  readonly #signer: ToolTokenVerifierOptions["signer"];
  readonly #sessions: ToolTokenVerifierOptions["sessions"];
  readonly #maxRemembered: number;
  readonly #verified = new Map<string, ToolTokenClaims>();
  #known: KnownKey | undefined;

  constructor({ signer, sessions, maxRemembered = 1_000 }: ToolTokenVerifierOptions) {
    this.#signer = signer;
    this.#sessions = sessions;
    this.#maxRemembered = maxRemembered;
  }

  /** @throws AppError `vault_locked` when the vault has been locked since the start; later a lock changes nothing. */
  verify(text: string, nowMs: number): ToolTokenClaims | ToolTokenRefusal {
    const name = createHash("sha256").update(text).digest("base64");
    const claims = this.#verified.get(name) ?? this.#check(text);
    if (typeof claims === "string") return claims;
    const refusal = refusedTimes(claims, nowMs) ?? this.#refusedSession(claims);
    if (refusal === undefined) this.#remember(name, claims);
    else this.#verified.delete(name);
    return refusal ?? claims;
  }

  #refusedSession({ tokenId }: ToolTokenClaims): ToolTokenRefusal | undefined {
    if (!tokenId.startsWith(SESSION_PREFIX) || this.#sessions?.isOpen(tokenId)) return undefined;
    return "stale_token";
  }

  #check(text: string): ToolTokenClaims | ToolTokenRefusal {
    const parsed = parseToolToken(text);
    if (!parsed) return "malformed";
    const { id, key } = this.#currentKey();
    const { claims } = parsed;
    if (claims.vaultId !== this.#signer.id || claims.keyId !== id) return "unknown";
    return toolTokenSignatureHolds(parsed, key) ? claims : "unknown";
  }

  #currentKey(): KnownKey {
    // A locked vault does not give its public key; the one seen last is still the right one.
    const bytes = this.#signer.publicKey() ?? this.#known?.bytes;
    if (!bytes) throw lockedError();
    if (this.#known && equalBytes(this.#known.bytes, bytes)) return this.#known;
    this.#verified.clear();
    this.#known = { bytes, id: signingKeyId(bytes), key: verifyingKey(bytes) };
    return this.#known;
  }

  #remember(name: string, claims: ToolTokenClaims): void {
    if (this.#verified.has(name)) return;
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size < this.#maxRemembered) break;
      this.#verified.delete(oldest);
    }
    this.#verified.set(name, claims);
  }
}

function refusedTimes(claims: ToolTokenClaims, nowMs: number): ToolTokenRefusal | undefined {
  const nowSeconds = nowMs / 1000;
  const lifeSeconds = claims.expiresAtSeconds - claims.issuedAtSeconds;
  if (claims.issuedAtSeconds > nowSeconds + CLOCK_SKEW_SECONDS) return "malformed";
  if (lifeSeconds <= 0 || lifeSeconds * 1000 > MAX_TOOL_TOKEN_LIFE_MS) return "malformed";
  return claims.expiresAtSeconds <= nowSeconds ? "expired" : undefined;
}
