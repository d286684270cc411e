/**
 * How many tokens a model can write at the most, for requests that set no limit of their own. As generally known of
 * the model families and not proven; a model that is not here is taken to write {@link DEFAULT_OUTPUT_LIMIT}. Only
 * used for bookkeeping estimates: a hard budget has to set a limit in the request itself.
 */
const LIMITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:openai\/)?(?:gpt-(?:[5-9])|codex)/, 128_000],
  [/^(?:openai\/)?(?:o1|o3|o4)/, 100_000],
  [/^(?:openai\/)?gpt-4\.1/, 32_768],
  [/^(?:openai\/)?gpt-4o/, 16_384],
  [/^(?:openai\/)?gpt-(?:4|3\.5)/, 8192],
  [/^(?:anthropic\/)?claude-(?:opus-(?:4[-.][6-9]|[5-9])|sonnet-(?:4[-.]6|[5-9])|fable|mythos)/, 128_000],
  [/^(?:anthropic\/)?claude-(?:opus-4[-.]5|sonnet-4|haiku-[4-9]|3-7)/, 64_000],
  [/^(?:anthropic\/)?claude-opus-4/, 32_000],
  [/^(?:anthropic\/)?claude-(?:2|3)/, 8192],
  [/^(?:google\/|models\/)?gemini-(?:2\.5|[3-9])/, 65_536],
  [/^(?:google\/|models\/)?gemini-/, 8192],
];

/** No model writes more, and no provider gives more answers at once: beyond it a request's figures mean nothing. */
export const LARGEST_OUTPUT_LIMIT = 1_000_000;
export const MOST_CHOICES = 1024;

export const DEFAULT_OUTPUT_LIMIT = 32_768;

export function largestOutput(model: string): number {
  const name = model.toLowerCase();
  return LIMITS.find(([pattern]) => pattern.test(name))?.[1] ?? DEFAULT_OUTPUT_LIMIT;
}
