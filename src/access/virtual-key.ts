import type { RateLimits } from "./rate-limits.ts";

/** What tools and people hold instead of a provider key. Stored as a hash; protected by a row MAC. */
export interface VirtualKey {
  readonly id: string;
  /** Unique. `tool:TOOL` for the ones that `ownkey token` makes. */
  readonly name: string;
  /** First characters and last four, for people: `sk-ownkey-ab…wxyz`. */
  readonly hint: string;
  /** Raised to invalidate everything issued before: re-issue, token revocation. */
  readonly generation: number;
  readonly state: "active" | "disabled" | "revoked";
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly policy: VirtualKeyPolicy;
}

export interface VirtualKeyPolicy {
  /** Connection ids that may be used; empty = all. */
  readonly connections: readonly string[];
  /** Connection used when the request does not say; must be one that may be used. */
  readonly defaultConnection: string | null;
  /** Model patterns (`*` matches any run); empty = all. */
  readonly models: readonly string[];
  /** Canonical path patterns allowed besides the providers' inference routes. */
  readonly paths: readonly string[];
  /** Addresses and ranges that requests may come from; empty = all. */
  readonly addresses: readonly string[];
  /** Regions, in lower case, whose connections may be used; empty = all, and those without a region too. */
  readonly regions: readonly string[];
  /** `null` = none. */
  readonly rateLimits: RateLimits | null;
  /** Plain labels for reports. */
  readonly user: string | null;
  readonly team: string | null;
  readonly project: string | null;
  readonly tool: string | null;
  readonly class: "development" | "production" | null;
  readonly purpose: string | null;
  /** Anything the owner wants to keep with the key; decides nothing. */
  readonly metadata: Readonly<Record<string, string>>;
}
