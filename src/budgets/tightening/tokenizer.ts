import type { Encoding } from "../bounds/models.ts";

/** Tokens of a text as the model counts it; what looks like a special token is text like any other. */
export type CountTokens = (text: string) => number;

/** Loads megabytes of ranks: for a thread of its own only. */
export async function loadTokenizer(encoding: Encoding): Promise<CountTokens> {
  const { countTokens } = await LOADERS[encoding]();
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, options);
}

const LOADERS = {
  o200k_base: () => import("gpt-tokenizer/encoding/o200k_base"),
};
