/** `POST …/chat/completions` in OpenAI's format, whoever serves it. */
import { document, sound } from "../media/measures.ts";
import { citing, each, type Rule } from "../rule.ts";
import {
  CACHE_BREAKPOINT,
  COMMON,
  FUNCTION,
  FUNCTION_FORMS,
  IMAGE_URL,
  JSON_SCHEMA,
  MESSAGE_TOKENS,
  TEXT_FORMATS,
  TOOL_TOKENS,
} from "./openai-shared.ts";
import { COMPATIBLE, OPENAI_SPEC } from "./sources.ts";

const { byKind, free, kept, limit, list, measured, object, oneOf, reference, refused, schema, typed } =
  citing(OPENAI_SPEC);

const PARTS = typed({
  text: object({ type: free(), text: free(), ...CACHE_BREAKPOINT }),
  refusal: object({ type: free(), refusal: free() }),
  image_url: object({
    type: free(),
    image_url: object({ url: IMAGE_URL, detail: free() }),
    ...CACHE_BREAKPOINT,
  }),
  input_audio: object({
    type: free(),
    input_audio: object({
      data: measured(sound, "at most the model's context, at the price of sound"),
      format: free(),
    }),
    ...CACHE_BREAKPOINT,
  }),
  file: object({
    type: free(),
    file: object({
      file_data: measured(document, "at most the model's context"),
      file_id: reference("is stored at the provider, so that its size is not known"),
      filename: free(),
    }),
    ...CACHE_BREAKPOINT,
  }),
});

const MESSAGE = object({
  role: free(),
  name: free(),
  content: byKind({ string: free(), array: list(PARTS, 4) }),
  refusal: free(),
  tool_call_id: free(),
  tool_calls: list(free(), TOOL_TOKENS),
  function_call: free(),
  audio: reference("is an answer in sound that is stored at the provider"),
});

export const CHAT: Readonly<Record<string, Rule>> = {
  ...COMMON,
  ...each(
    [
      "frequency_penalty",
      "function_call",
      "logit_bias",
      "logprobs",
      "presence_penalty",
      "reasoning_effort",
      "seed",
      "stop",
      "verbosity",
    ],
    free(),
  ),
  messages: list(MESSAGE, MESSAGE_TOKENS),
  max_completion_tokens: limit("covers reasoning"),
  max_tokens: limit("not taken by models that reason"),
  n: kept("choices", "each answer may be as long as the limit"),
  prediction: kept("prediction", "what of it is not used is charged as output: its bytes, beside the limit"),
  modalities: list(oneOf(["text"], "asks for an answer in sound")),
  audio: refused("asks for an answer in sound"),
  functions: FUNCTION_FORMS,
  response_format: TEXT_FORMATS(
    object({
      type: free(),
      json_schema: object({ name: free(), description: free(), schema: JSON_SCHEMA, strict: free() }),
    }),
  ),
  tools: list(
    typed({
      function: object({ type: free(), function: object(FUNCTION) }),
      custom: object({ type: free(), custom: schema() }),
    }),
    TOOL_TOKENS,
  ),
  web_search_options: refused("has the provider search the web, which it charges for and feeds to the model"),
};

const compatible = citing(COMPATIBLE);

/** What other makers' servers take besides. Of earlier reasoning, the text itself is sent back. */
export const COMPATIBLE_CHAT: Readonly<Record<string, Rule>> = {
  ...CHAT,
  ...each(
    [
      "include_reasoning",
      "min_p",
      "prompt_mode",
      "random_seed",
      "reasoning_format",
      "repetition_penalty",
      "safe_prompt",
      "thinking",
      "top_k",
    ],
    compatible.free(),
  ),
  messages: list(
    object({
      ...(MESSAGE.kind === "object" ? MESSAGE.members : {}),
      ...each(["prefix", "reasoning", "reasoning_content"], compatible.free()),
    }),
    MESSAGE_TOKENS,
  ),
};
