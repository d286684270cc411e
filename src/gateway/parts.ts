import type { VirtualKey } from "../access/index.ts";
import type { Connection, ProviderKey } from "../connections/index.ts";
import type { Secret } from "../kernel/index.ts";
import type { Provider, ProviderId, RouteRule } from "../providers/index.ts";

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
  /** Why requests cannot be served now (`vault_locked`, `control_stale`), or `undefined`: for `/readyz`. */
  unready(): string | undefined;
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

/** The providers room, as the data plane asks for it. */
export interface ProviderRegistry {
  /** The provider of a connection, its preset applied. */
  providerById(id: ProviderId, preset: string | null): Provider;
  /** What the provider makes of a route; `undefined` = only `--paths` of a virtual key opens it. */
  matchRoute(provider: Provider, method: string, path: string): RouteRule | "denied" | undefined;
}

/** A refusal on the data plane. Whoever gets it writes one audit entry per virtual key, reason and minute. */
export interface Denial {
  readonly atMs: number;
  /** `undefined` for credentials that nobody has: these are counted only. */
  readonly virtualKeyId: string | undefined;
  readonly reason: string;
}

export interface GatewaySettings {
  /** Names, besides loopback, under which clients may call; `name` or `name:port`. */
  readonly hosts: readonly string[];
  /** The address that it listens on, as a URL has it; `undefined` when that is every address. */
  readonly ownHost: string | undefined;
  /** How long a provider may stay silent before its first byte. */
  readonly firstByteLimitMs: number;
  /** How long a stream may stay silent between two chunks. */
  readonly silenceLimitMs: number;
  /** How long one request may take altogether. */
  readonly totalLimitMs: number;
}

export const DEFAULT_GATEWAY_SETTINGS: GatewaySettings = {
  hosts: [],
  ownHost: undefined,
  firstByteLimitMs: 15 * 60_000,
  silenceLimitMs: 10 * 60_000,
  totalLimitMs: 2 * 60 * 60_000,
};
