import type { Secret } from "../kernel/index.ts";

/**
 * What a tool sends: OpenAI's Chat Completions or Responses, Anthropic's Messages, Gemini's generateContent.
 */
export type Wire = "chat" | "responses" | "messages" | "gemini";

/** The word for people and messages. */
export const WIRE_NAMES: Readonly<Record<Wire, string>> = {
  chat: "OpenAI Chat Completions",
  responses: "OpenAI Responses",
  messages: "Anthropic Messages",
  gemini: "Gemini generateContent",
};

export interface WireRequest {
  readonly method: "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a tool puts its base URL, credential and paths together; tools differ in that, and it is where they fail. */
export interface WireStyle {
  readonly wire: Wire;
  /** What the tool adds to its base URL: `/v1/messages?beta=true`, `/responses`. `{model}` is the model. */
  readonly path: string;
  readonly credential: "bearer" | "x-api-key" | "x-goog-api-key" | "both";
}

/** The smallest real request of a tool, with a few tokens of output. Reveals the credential into its header. */
export function smallestRequest(
  { wire, path, credential }: WireStyle,
  { baseUrl, key, model }: { readonly baseUrl: string; readonly key: Secret; readonly model: string },
): WireRequest {
  const url = baseUrl.replace(/\/+$/, "") + path.replace("{model}", encodeURIComponent(model));
  const bearer = { authorization: `Bearer ${key.reveal()}` };
  const headers = {
    bearer,
    "x-api-key": { "x-api-key": key.reveal() },
    "x-goog-api-key": { "x-goog-api-key": key.reveal() },
    both: { ...bearer, "x-api-key": key.reveal() },
  }[credential];
  return {
    method: "POST",
    url,
    headers: {
      "content-type": "application/json",
      ...(wire === "messages" ? { "anthropic-version": "2023-06-01" } : {}),
      ...headers,
    },
    body: JSON.stringify(bodyOf(wire, model)),
  };
}

const QUESTION = "Answer with the word ok.";

/** OpenAI's Responses refuse less than 16 tokens. */
const FEW_TOKENS = 16;

function bodyOf(wire: Wire, model: string): object {
  const messages = [{ role: "user", content: QUESTION }];
  switch (wire) {
    case "chat":
      return { model, messages, max_completion_tokens: FEW_TOKENS };
    case "responses":
      return { model, input: QUESTION, max_output_tokens: FEW_TOKENS, store: false };
    case "messages":
      return { model, messages, max_tokens: FEW_TOKENS };
    case "gemini":
      return {
        contents: [{ role: "user", parts: [{ text: QUESTION }] }],
        generationConfig: { maxOutputTokens: FEW_TOKENS },
      };
  }
}
