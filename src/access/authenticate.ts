import { parseCredential } from "./credential.ts";
import type { ToolTokenClaims } from "./tool-token.ts";
import type { ToolTokenRefusal } from "./tool-token-verifier.ts";
import type { VirtualKey } from "./virtual-key.ts";
import type { Answer } from "./virtual-key-directory.ts";
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
    byId(id: string): Answer;
    /** From memory only. */
    byHash(hash: Uint8Array, nowMs: number): VirtualKey | undefined;
    findByHash(hash: Uint8Array, nowMs: number): Answer;
  };
  /** ToolTokenVerifier. */
  readonly toolTokens: { verify(text: string, nowMs: number): ToolTokenClaims | ToolTokenRefusal };
  readonly nowMs: number;
}

export type Outcome = AuthenticatedCaller | RefusedCaller;

/**
 * Decides who presented a credential, a virtual key or a tool token. For every request: no waiting for those that are
 * in memory, and no store for what Ownkey cannot have written.
 * @throws AppError `vault_locked` when a tool token or a row cannot be checked.
 */
export function authenticate(
  credential: string,
  { virtualKeys, toolTokens, nowMs }: AuthenticateOptions,
): Outcome | Promise<Outcome> {
  // The usual one first: what is found by its hash has the right form, and checking that costs more than looking.
  const hash = tokenHash(credential);
  const presented = virtualKeys.byHash(hash, nowMs);
  if (presented) return admit(presented, presented.policy.tool, nowMs);
  const kind = parseCredential(credential)?.kind;
  if (kind === undefined) return { refused: "malformed" };
  if (kind === "virtual_key") {
    return whenFound(virtualKeys.findByHash(hash, nowMs), (found) => admit(found, found.policy.tool, nowMs));
  }
  const claims = toolTokens.verify(credential, nowMs);
  if (typeof claims === "string") return { refused: claims };
  return whenFound(virtualKeys.byId(claims.virtualKeyId), (found) => {
    if (found.generation !== claims.generation) return { refused: "stale_token", virtualKeyId: found.id };
    return admit(found, claims.tool, nowMs);
  });
}

function whenFound(answer: Answer, then: (found: VirtualKey) => Outcome): Outcome | Promise<Outcome> {
  if (answer instanceof Promise) return answer.then((found) => (found ? then(found) : UNKNOWN));
  return answer ? then(answer) : UNKNOWN;
}

const UNKNOWN = { refused: "unknown" } as const;

function admit(virtualKey: VirtualKey, tool: string | null, nowMs: number): Outcome {
  const { id, state, expiresAtMs } = virtualKey;
  if (state !== "active") return { refused: state, virtualKeyId: id };
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return { refused: "expired", virtualKeyId: id };
  return { virtualKey, tool };
}
