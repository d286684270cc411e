/**
 * A double that is every provider at once: it takes any credential that it was told of, lists one model on every path for
 * lists, and answers each kind of call in its dialect.
 */
import { type Arrived, type Behaviour, json } from "./upstream.ts";

export const MODEL = "gpt-4o-mini";

/** The provider key of a request, however its dialect sends it. */
export function credentialOf({ headers, path }: Arrived): string {
  const bearer = headers.get("authorization")?.replace(/^Bearer /, "");
  const inPath = new URL(path, "http://x").searchParams.get("key");
  return (
    bearer ??
    headers.get("x-api-key") ??
    headers.get("x-goog-api-key") ??
    headers.get("api-key") ??
    inPath ??
    ""
  );
}

export function everyProvider(knows: (key: string) => boolean): Behaviour {
  return (arrived, socket) => {
    const [status, document] = knows(credentialOf(arrived)) ? [200, answerTo(arrived)] : [401, REFUSED];
    return json(status, document)(arrived, socket);
  };
}

const REFUSED = {
  error: { message: "Incorrect API key provided", type: "invalid_request_error", code: "invalid_api_key" },
};

function answerTo({ method, path }: Arrived): object {
  if (method === "GET") return LISTS;
  if (path.includes("/messages")) return MESSAGE;
  if (path.includes(":generateContent")) return CONTENT;
  if (path.includes("/responses")) return RESPONSE;
  return COMPLETION;
}

/** OpenAI's, Anthropic's and Gemini's lists in one document. */
const LISTS = {
  object: "list",
  data: [{ id: MODEL, object: "model", type: "model", display_name: MODEL }],
  models: [{ name: `models/${MODEL}`, supportedGenerationMethods: ["generateContent"] }],
};

const COMPLETION = {
  id: "c-1",
  object: "chat.completion",
  model: MODEL,
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
};
const RESPONSE = {
  id: "r-1",
  object: "response",
  status: "completed",
  model: MODEL,
  output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "ok" }] }],
  usage: { input_tokens: 9, output_tokens: 1, total_tokens: 10 },
};
const MESSAGE = {
  id: "m-1",
  type: "message",
  role: "assistant",
  model: MODEL,
  content: [{ type: "text", text: "ok" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 9, output_tokens: 1 },
};
const CONTENT = {
  candidates: [{ content: { role: "model", parts: [{ text: "ok" }] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1, totalTokenCount: 10 },
};
