import type { Dialect } from "../../providers/index.ts";

/** Where a tool's file takes the address that goes with a key: the setting beside it, and what stands behind the host. */
export interface AddressSetting {
  readonly tool: string;
  /** The key's setting, its last name. */
  readonly key: RegExp;
  /** The address' setting, in the same group unless `above`. */
  readonly base: string;
  /** Groups further out. */
  readonly above?: number;
  readonly paths: Readonly<Record<Dialect, string>>;
}

const VERSIONED = { openai: "/v1", anthropic: "/v1", google: "/v1beta" } as const;
const BARE_BUT_OPENAI = { openai: "/v1", anthropic: "", google: "" } as const;

/** As the tools' documentation or source has it (autumn 2026). */
export const ADDRESS_SETTINGS: readonly AddressSetting[] = [
  {
    tool: "continue",
    key: /^apiKey$/,
    base: "apiBase",
    paths: { openai: "/v1", anthropic: "/v1/", google: "/v1beta/" },
  },
  { tool: "opencode", key: /^apiKey$/, base: "baseURL", paths: VERSIONED },
  { tool: "kilo", key: /^apiKey$/, base: "baseURL", paths: VERSIONED },
  { tool: "cline", key: /^apiKey$/, base: "baseUrl", paths: BARE_BUT_OPENAI },
  { tool: "codex", key: /^experimental_bearer_token$/, base: "base_url", paths: VERSIONED },
  { tool: "zed", key: /^Authorization$/, base: "api_url", above: 1, paths: VERSIONED },
  { tool: "copilot-cli", key: /^(?:apiKey|bearerToken)$/, base: "baseUrl", paths: BARE_BUT_OPENAI },
  { tool: "aider", key: /^openai-api-key$/, base: "openai-api-base", paths: VERSIONED },
];
