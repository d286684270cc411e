import type { Signer } from "../audit/index.ts";
import { AppError, type Clock, type NewId, type Secret } from "../kernel/index.ts";
import type { Caller } from "./caller.ts";
import type { Perform } from "./perform.ts";
import { lockedError, signingKeyId, signToolToken } from "./tool-token.ts";
import { DEFAULT_TOOL_TOKEN_LIFE_MS, MAX_TOOL_TOKEN_LIFE_MS } from "./tool-token-verifier.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { toolKeyName } from "./virtual-key-name.ts";
import type { VirtualKeys } from "./virtual-keys.ts";

export interface ToolTokensOptions {
  readonly virtualKeys: VirtualKeys;
  readonly perform: Perform;
  /** The vault. */
  readonly signer: Signer & { readonly id: string };
  readonly clock: Clock;
  readonly newId: NewId;
}

export interface IssuedToolToken {
  readonly token: Secret;
  /** As in the audit log; for a session also its name. */
  readonly tokenId: string;
  readonly expiresAtMs: number;
  readonly virtualKeyId: string;
  /** As it was at the issue. */
  readonly virtualKey: VirtualKey;
}

/** Gives tools tokens that end by themselves, bound to the tool's virtual key. */
export class ToolTokens {
  readonly #options: ToolTokensOptions;

  constructor(options: ToolTokensOptions) {
    this.#options = options;
  }

  /**
   * Makes the tool's virtual key when there is none. The token lives an hour unless told.
   * @throws AppError `denied` when the virtual key is disabled, revoked or expired; `invalid_input` for a life above
   *   24 hours; `vault_locked`.
   */
  async issue(
    caller: Caller,
    tool: string,
    { lifeMs = DEFAULT_TOOL_TOKEN_LIFE_MS } = {},
  ): Promise<IssuedToolToken> {
    const lifeSeconds = secondsOf(lifeMs);
    const { id } = await this.#options.virtualKeys.ensureForTool(caller, tool);
    return await this.#issue(caller, { id, tool, tokenId: this.#options.newId("tok"), lifeSeconds });
  }

  /**
   * A token for one run of a program. It is refused unless a process holds the session of its `tokenId` open, and it
   * lives 24 hours at most. Of the virtual key that is named, else of the tool's, which is made when there is none.
   * @throws AppError as {@link issue}, and `not_found`, `ambiguous_name` for the virtual key.
   */
  async issueForSession(
    caller: Caller,
    { tool, virtualKey }: { readonly tool: string; readonly virtualKey?: string | undefined },
  ): Promise<IssuedToolToken> {
    const { virtualKeys, newId } = this.#options;
    const { id } = await (virtualKey === undefined
      ? virtualKeys.ensureForTool(caller, tool)
      : virtualKeys.resolve(virtualKey));
    const lifeSeconds = secondsOf(MAX_TOOL_TOKEN_LIFE_MS);
    return await this.#issue(caller, { id, tool, tokenId: newId("ses"), lifeSeconds });
  }

  /** Ends all tokens of the tool. @throws AppError `not_found` when it never had one. */
  async revoke(caller: Caller, tool: string): Promise<void> {
    await this.#options.virtualKeys.endToolTokens(caller, toolKeyName(tool));
  }

  async #issue(
    caller: Caller,
    { id, tool, tokenId, lifeSeconds }: { id: string; tool: string; tokenId: string; lifeSeconds: number },
  ): Promise<IssuedToolToken> {
    const { virtualKeys, perform, clock } = this.#options;
    const issuedAtSeconds = Math.floor(clock.nowMs() / 1000);
    const expiresAtSeconds = issuedAtSeconds + lifeSeconds;
    const act = {
      action: "token.issue",
      permission: "tokens.issue",
      subject: id,
      details: { tool, token: tokenId, lifeSeconds },
    } as const;
    const signed = await perform(caller, act, async (tx) => {
      const virtualKey = await virtualKeys.load(tx, id);
      assertUsable(virtualKey, clock.nowMs());
      const token = this.#sign(virtualKey, { tool, tokenId, issuedAtSeconds, expiresAtSeconds });
      return { token, virtualKey };
    });
    return { ...signed, tokenId, expiresAtMs: expiresAtSeconds * 1000, virtualKeyId: id };
  }

  #sign(
    { id, generation }: VirtualKey,
    rest: { tool: string; tokenId: string; issuedAtSeconds: number; expiresAtSeconds: number },
  ): Secret {
    const { signer } = this.#options;
    const publicKey = signer.publicKey();
    if (!publicKey) throw lockedError();
    const keyId = signingKeyId(publicKey);
    return signToolToken({ ...rest, keyId, vaultId: signer.id, virtualKeyId: id, generation }, signer);
  }
}

function secondsOf(lifeMs: number): number {
  if (lifeMs >= 1000 && lifeMs <= MAX_TOOL_TOKEN_LIFE_MS) return Math.floor(lifeMs / 1000);
  throw new AppError("invalid_input", `a tool token cannot live ${lifeMs} ms`, {
    hint: "choose between one second and 24 hours; the default is one hour",
  });
}

function assertUsable({ name, state, expiresAtMs }: VirtualKey, nowMs: number): void {
  const isExpired = expiresAtMs !== null && expiresAtMs <= nowMs;
  if (state === "active" && !isExpired) return;
  throw new AppError("denied", `the virtual key "${name}" is ${isExpired ? "expired" : state}`, {
    hint: `look at it with: ownkey vk show ${name}`,
  });
}
