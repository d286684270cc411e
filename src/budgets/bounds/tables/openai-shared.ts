import { imageUrl } from "../media/measures.ts";
import { citing, each, type Rule } from "../rule.ts";
import { OPENAI_SPEC } from "./sources.ts";

const { free, kept, list, object, oneOf, refused, schema, typed, measured } = citing(OPENAI_SPEC);

/** Members that chat and Responses have alike, and that cost nothing beyond their bytes. */
export const STEERING = each(
  [
    "metadata",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "stream",
    "temperature",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "user",
  ],
  free(),
);

export const COMMON: Readonly<Record<string, Rule>> = {
  ...STEERING,
  service_tier: kept("tier", "the tier asked for; without it, any that the project may be set to"),
  stream_options: object({ include_usage: free(), include_obfuscation: free() }),
  prompt_cache_options: object({
    mode: free(),
    ttl: oneOf(["30m"], "asks for a longer cache life, whose price is not known"),
    prewarm: free(),
    comparison_response_id: free(),
  }),
  moderation: refused("has the answer judged by another model"),
};

/** Tokens for the marks that a tool is wrapped in, beside its own text. */
export const TOOL_TOKENS = 32;
/** Marks, role and name around a message. */
export const MESSAGE_TOKENS = 16;

export const JSON_SCHEMA = schema("it may be restated in the prompt");

export const FUNCTION = {
  name: free(),
  description: free(),
  parameters: JSON_SCHEMA,
  strict: free(),
};

/** A tool of the provider's, which runs there and is charged by itself. */
export const SERVER_TOOL = refused("runs at the provider, which charges for it and feeds it to the model");

export const CACHE_BREAKPOINT = { prompt_cache_breakpoint: free() };

export const IMAGE_URL = measured(imageUrl, "pictures inline: tokens by their size in pixels");

export const TEXT_FORMATS = (jsonSchema: Rule): Rule =>
  typed({
    text: object({ type: free() }),
    json_object: object({ type: free() }),
    json_schema: jsonSchema,
  });

export const FUNCTION_FORMS = list(object(FUNCTION), TOOL_TOKENS);
