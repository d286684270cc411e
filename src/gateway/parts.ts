import type { VirtualKey } from "../access/index.ts";
import type { Connection, ProviderKey } from "../connections/index.ts";
import type { Secret } from "../kernel/index.ts";

/**
 * What the data plane needs to know, kept in memory and current: changes that another process of this machine has
 * committed are seen before the next request is answered. Built on the store's change mark and the audit log as
 * change feed.
 */
export interface Directory {
  /** Brings the directory up to date; synchronous (undefined) when nothing has changed. @throws `control_stale`. */
  refresh(): Promise<void> | undefined;
  /** By the credential as presented (virtual key or tool token); checks format, hash, state, expiry, row MAC. */
  authenticate(credential: string): Authenticated | Refusal | Promise<Authenticated | Refusal>;
  connections(): readonly Connection[];
  /** The connection's inference key that is in use, if it has one. */
  keyOf(connectionId: string): ProviderKey | undefined;
  /** The key's value, borrowed from the vault (audited once per version) and checked against the URL's origin. */
  lend(key: ProviderKey, url: URL): Secret | Promise<Secret>;
}

export interface Authenticated {
  readonly virtualKey: VirtualKey;
  /** Tool named by a tool token or by the virtual key's label. */
  readonly tool: string | null;
}

export interface Refusal {
  /** For the log and the aggregated audit entry; the caller gets the same 401 for all of them. */
  readonly refused: "malformed" | "unknown" | "revoked" | "disabled" | "expired" | "stale_token";
  readonly virtualKeyId?: string;
}
