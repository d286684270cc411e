import type { ConnectionSettings, ProviderId, VerdictName } from "../providers/index.ts";

/** A provider plus where and how to reach it. Its row is protected by a MAC; its keys are bound to its origins. */
export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly provider: ProviderId;
  /** `groq`, `openrouter`, … for openai-compatible connections made from a preset. */
  readonly preset: string | null;
  readonly settings: ConnectionSettings;
  readonly createdAtMs: number;
}

/**
 * Where others could have read a key: `git` = a repository holds it, `synced` = a file that is copied to other machines,
 * `published` = a package, `readable` = a file that other users of the machine could read.
 */
export const EXPOSURES = ["git", "synced", "published", "readable"] as const;
export type Exposure = (typeof EXPOSURES)[number];

/** A provider key as people see it; the value is in the vault under the same id. */
export interface ProviderKey {
  readonly id: string;
  readonly connectionId: string;
  /** Unique within its connection. */
  readonly name: string;
  readonly kind: "inference" | "admin";
  readonly fingerprint: string;
  readonly state: "active" | "disabled" | "revoked" | "removed";
  /** The version in use; 0 when there is none. */
  readonly version: number;
  readonly class: "development" | "production" | null;
  readonly owner: string | null;
  readonly purpose: string | null;
  readonly createdAtMs: number;
  /** When the value was last replaced; absent = never. */
  readonly rotatedAtMs?: number;
  readonly expiresAtMs: number | null;
  readonly verdict: VerdictName | "untested";
  readonly verdictAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  /** Of the value in use; absent or empty when nothing is known. It ought to be replaced at its provider. */
  readonly exposed?: readonly Exposure[];
}
