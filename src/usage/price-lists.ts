import type { ProviderId } from "../providers/index.ts";
import type { PricedModel } from "./pricing.ts";

/** Ids of the price lists that apply to a connection, the first that knows the model decides. */
export type ListChoice = readonly string[] | "free";

/** Azure and its like sell other makers' models at the makers' prices. */
const BY_PROVIDER: Readonly<Record<ProviderId, readonly string[]>> = {
  openai: ["openai"],
  anthropic: ["anthropic"],
  azure: ["azure", "openai", "anthropic", "deepseek", "x-ai", "moonshotai"],
  google: ["google"],
  "openai-compatible": [],
};

/** Ollama and LM Studio run on the user's own machine: they cost nothing, which is known, not assumed. */
const BY_PRESET: ReadonlyMap<string, ListChoice> = new Map<string, ListChoice>([
  ["groq", ["groq"]],
  ["openrouter", ["openrouter"]],
  ["mistral", ["mistral"]],
  ["deepseek", ["deepseek"]],
  ["xai", ["x-ai"]],
  ["ollama", "free"],
  ["lmstudio", "free"],
]);

export function listsFor({ provider, preset }: Pick<PricedModel, "provider" | "preset">): ListChoice {
  return (preset === null ? undefined : BY_PRESET.get(preset)) ?? BY_PROVIDER[provider];
}
