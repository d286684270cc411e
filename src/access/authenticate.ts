import { parseCredential } from "./credential.ts";
import type { ToolTokenClaims } from "./tool-token.ts";
import type { ToolTokenRefusal } from "./tool-token-verifier.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { tokenHash } from "./virtual-key-token.ts";

/** Whose credential it was. */
export interface AuthenticatedCaller {
  readonly virtualKey: VirtualKey;
  /** Tool named by a tool token or by the virtual key's label. */
  readonly tool: string | null;
}

/** Why not: for the log and the aggregated audit entry. The caller is told the same for all of them. */
export interface RefusedCaller {
  readonly refused: "malformed" | "unknown" | "revoked" | "disabled" | "expired" | "stale_token";
  readonly virtualKeyId?: string;
}

export interface AuthenticateOptions {
  /** VirtualKeyDirectory. */
  readonly virtualKeys: {
    byId(id: string): VirtualKey | undefined;
    byHash(hash: Uint8Array, nowMs: number): VirtualKey | undefined;
  };
  /** ToolTokenVerifier. */
  readonly toolTokens: { verify(text: string, nowMs: number): ToolTokenClaims | ToolTokenRefusal };
  readonly nowMs: number;
}

/**
 * Decides who presented a credential, a virtual key or a tool token. No waiting and no store: for every request.
 * @throws AppError `vault_locked` when a tool token cannot be checked.
 */
export function authenticate(
  credential: string,
  { virtualKeys, toolTokens, nowMs }: AuthenticateOptions,
): AuthenticatedCaller | RefusedCaller {
  // The usual one first: what is found by its hash has the right form, and checking that costs more than looking.
  const presented = virtualKeys.byHash(tokenHash(credential), nowMs);
  if (presented) return admit(presented, presented.policy.tool, nowMs);
  const kind = parseCredential(credential)?.kind;
  if (kind !== "tool_token") return { refused: kind === undefined ? "malformed" : "unknown" };
  const claims = toolTokens.verify(credential, nowMs);
  if (typeof claims === "string") return { refused: claims };
  const virtualKey = virtualKeys.byId(claims.virtualKeyId);
  if (!virtualKey) return { refused: "unknown" };
  if (virtualKey.generation !== claims.generation)
    return { refused: "stale_token", virtualKeyId: virtualKey.id };
  return admit(virtualKey, claims.tool, nowMs);
}

function admit(
  virtualKey: VirtualKey,
  tool: string | null,
  nowMs: number,
): AuthenticatedCaller | RefusedCaller {
  const { id, state, expiresAtMs } = virtualKey;
  if (state !== "active") return { refused: state, virtualKeyId: id };
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return { refused: "expired", virtualKeyId: id };
  return { virtualKey, tool };
}
