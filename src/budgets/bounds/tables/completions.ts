/** `POST …/completions`, `…/embeddings`, `…/moderations` and `…/images/generations` in OpenAI's format. */
import { citing, each, type Rule } from "../rule.ts";
import { OPENAI_SPEC } from "./sources.ts";

const { byKind, free, kept, limit, list, object, oneOf, refused } = citing(OPENAI_SPEC);

export const COMPLETIONS: Readonly<Record<string, Rule>> = {
  ...each(
    [
      "echo",
      "frequency_penalty",
      "logit_bias",
      "logprobs",
      "model",
      "presence_penalty",
      "seed",
      "stop",
      "stream",
      "suffix",
      "temperature",
      "top_p",
      "user",
    ],
    free(),
  ),
  stream_options: object({ include_usage: free(), include_obfuscation: free() }),
  prompt: kept("prompt", "each of several prompts has answers of its own"),
  max_tokens: limit("16 where the client says nothing"),
  n: kept("choices", "each answer may be as long as the limit"),
  best_of: kept("best_of", "all of them are charged"),
};

/** No output; the input is text, or numbers that stand for one token each. */
export const EMBEDDINGS: Readonly<Record<string, Rule>> = {
  ...each(["dimensions", "encoding_format", "model", "user", "output_dimension", "output_dtype"], free()),
  input: byKind({
    string: free(),
    array: list(byKind({ string: free(), number: free(), array: list(byKind({ number: free() })) })),
  }),
};

/** Texts only. */
export const MODERATIONS: Readonly<Record<string, Rule>> = {
  model: free(),
  input: byKind({ string: free(), array: list(byKind({ string: free() })) }),
};

/** Pictures of the sizes and qualities whose tokens are published. */
export const IMAGES: Readonly<Record<string, Rule>> = {
  ...each(
    [
      "background",
      "model",
      "moderation",
      "output_compression",
      "prompt",
      "response_format",
      "safety_identifier",
      "stream",
      "user",
    ],
    free(),
  ),
  n: kept("choices", "each picture has the tokens of its size and quality"),
  size: oneOf(["auto", "1024x1024", "1024x1536", "1536x1024"], "is a size whose tokens are not published"),
  quality: kept("quality", "the dearest where it is left to the model"),
  partial_images: kept("partial_images", "100 tokens for each"),
  output_format: oneOf(["png", "jpeg", "webp"], "is a format whose tokens are not published"),
  style: refused("belongs to models that are not priced by tokens"),
};
