import type { Secret } from "../kernel/index.ts";
import type { ConnectionSettings, ProviderId, VerdictName } from "../providers/index.ts";
import type { Connection, ProviderKey } from "./connection.ts";

/** A key as it comes in, checked and tested by whoever asked for it. */
export interface NewKey {
  readonly provider: ProviderId;
  readonly preset: string | null;
  readonly settings: ConnectionSettings;
  /** The connection to join or to make; absent = found by provider, base URL, organisation and project. */
  readonly connectionName?: string | undefined;
  /** Absent = `main`, for an admin credential `admin`. */
  readonly name?: string | undefined;
  readonly value: Secret;
  readonly kind: ProviderKey["kind"];
  readonly class: ProviderKey["class"];
  readonly owner: string | null;
  readonly purpose: string | null;
  readonly expiresAtMs: number | null;
  /** What the test call said; `untested` when there was none or the provider was unreachable. */
  readonly verdict: VerdictName | "untested";
}

export interface AddedKey {
  readonly key: ProviderKey;
  readonly connection: Connection;
}

export interface ReplacedValue {
  readonly value: Secret;
  readonly verdict: VerdictName | "untested";
  /** `undefined` = as before. */
  readonly expiresAtMs?: number | null | undefined;
}

export interface ConnectionChanges {
  readonly name?: string | undefined;
  readonly settings?: ConnectionSettings | undefined;
  /** Values given again, by key id: needed for every key when the connection gets a new origin. */
  readonly values?: ReadonlyMap<string, Secret> | undefined;
}
