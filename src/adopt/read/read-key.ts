import type { Secret } from "../../kernel/index.ts";
import type { SettingsInput } from "../../providers/index.ts";

/** A key as a file or an environment names it; nobody has been asked about it yet. */
export interface ReadKey {
  /** As it is called there: `cursor.openai.apiKey`, `OPENAI_API_KEY`. */
  readonly label: string;
  /** Provider or preset, as `keys add` takes it. */
  readonly provider: string;
  readonly kind: "inference" | "admin";
  /** What stood beside it: endpoint, organisation, deployment. */
  readonly settings: SettingsInput;
  readonly value: Secret;
}

/** What a reader of one format made out. */
export interface ReadKeys {
  readonly keys: readonly ReadKey[];
  /** What was passed over, and why, for people; without a value. */
  readonly notes: readonly string[];
}

/** Variables by name; those of the session, of a file, or both. */
export type Variables = Readonly<Record<string, string | undefined>>;
