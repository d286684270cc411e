import { PROVIDERS } from "./registry.ts";
import type { Provider } from "./provider.ts";

/** Marks in errors, SDK names and addresses; the first that is found decides. */
const MARKS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/openrouter/i, "openrouter"],
  [/\bgroq/i, "groq"],
  [/deepseek|Insufficient Balance/i, "deepseek"],
  [/\bapi\.x\.ai\b|\bxai\b|\bgrok-/i, "xai"],
  [/mistral/i, "mistral"],
  [/lmstudio|lm studio/i, "lmstudio"],
  [/ollama/i, "ollama"],
  [
    /\.azure\.com|AzureOpenAI|DeploymentNotFound|invalid subscription key|apim-request-id|AuthenticationTypeDisabled|cognitive ?services/i,
    "azure",
  ],
  [
    /anthropic|claude|invalid x-api-key|x-api-key|"type" ?: ?"error"|'type': 'error'|credit balance is too low/i,
    "anthropic",
  ],
  [
    /generativelanguage|googleapis|google\.genai|gemini|RESOURCE_EXHAUSTED|INVALID_ARGUMENT|PERMISSION_DENIED|FAILED_PRECONDITION|API key not valid/i,
    "google",
  ],
  [/openai|\bsk-proj-|gpt-\d|insufficient_quota|["']param["'] ?:|invalid_api_key/i, "openai"],
];

/** The provider that a pasted error most likely comes from; `undefined` when nothing in it tells. */
export function likelyProvider(text: string): Provider | undefined {
  const name = MARKS.find(([pattern]) => pattern.test(text))?.[1];
  return PROVIDERS.find((provider) => (provider.preset ?? provider.id) === name);
}
