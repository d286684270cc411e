import type { Provider, ProviderId } from "./provider.ts";

/** The variables by which official SDKs, and what is built on them, take their key and address (docs/run.md). */
export interface SdkVariables {
  /** All of them are set: SDKs disagree on the name, and some prefer the one over the other. */
  readonly keys: readonly string[];
  /** Each with what its SDK expects behind the gateway's address. */
  readonly baseUrls: readonly (readonly [name: string, path: string])[];
  /** Would win over the ones above and send something that is no key of the gateway. */
  readonly conflicting: readonly string[];
  /** Takes the connection's API version. */
  readonly apiVersion?: string;
}

const OPENAI: SdkVariables = {
  keys: ["OPENAI_API_KEY"],
  // The second one is LangChain's and LlamaIndex's, and was the SDK's own before version 1.
  baseUrls: [
    ["OPENAI_BASE_URL", "/v1"],
    ["OPENAI_API_BASE", "/v1"],
  ],
  conflicting: ["OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID"],
};

const VARIABLES: Readonly<Record<ProviderId, SdkVariables>> = {
  openai: OPENAI,
  "openai-compatible": OPENAI,
  anthropic: {
    keys: ["ANTHROPIC_API_KEY"],
    baseUrls: [
      ["ANTHROPIC_BASE_URL", ""],
      ["ANTHROPIC_API_URL", ""],
    ],
    conflicting: ["ANTHROPIC_AUTH_TOKEN"],
  },
  google: {
    // Google's SDK prefers the first, the Gemini CLI the second, Vercel's AI SDK knows the third only.
    keys: ["GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"],
    baseUrls: [["GOOGLE_GEMINI_BASE_URL", ""]],
    conflicting: [],
  },
  azure: {
    keys: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
    baseUrls: [
      ["AZURE_OPENAI_ENDPOINT", ""],
      ["AZURE_API_BASE", ""],
    ],
    conflicting: ["AZURE_OPENAI_AD_TOKEN"],
    apiVersion: "OPENAI_API_VERSION",
  },
};

/** Connections whose providers share an SDK get the same object. */
export function sdkVariables({ id }: Pick<Provider, "id">): SdkVariables {
  return VARIABLES[id];
}
