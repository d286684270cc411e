import type { ConsoleLinks, KeyFormat } from "../provider.ts";
import type { VerdictRule } from "../verdict-rules.ts";

/** What makes an openai-compatible provider out of a name. */
export interface Preset {
  readonly name: string;
  readonly title: string;
  /** Without its version segment, which is always `/v1`. */
  readonly baseUrl: string;
  readonly keyFormats: readonly KeyFormat[];
  readonly keyVariables: readonly string[];
  readonly keyOptional?: boolean;
  /** Default `option`. */
  readonly streamUsage?: "option" | "always";
  readonly links: ConsoleLinks;
  /** Canonical path of the cheapest call that needs the key. */
  readonly testPath: string;
  readonly proves: string;
  /** Lines before the common table. */
  readonly rules?: readonly VerdictRule[];
  /** What the provider's management API can do with keys. */
  readonly manages?: "keys";
}
