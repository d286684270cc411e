/** `POST …/responses`. */
import type { JsonNode } from "../json-tree.ts";
import { document } from "../media/measures.ts";
import { citing, each, type Rule } from "../rule.ts";
import type { Tally } from "../tally.ts";
import {
  CACHE_BREAKPOINT,
  COMMON,
  FUNCTION,
  IMAGE_URL,
  JSON_SCHEMA,
  MESSAGE_TOKENS,
  SERVER_TOOL,
  TEXT_FORMATS,
  TOOL_TOKENS,
} from "./openai-shared.ts";
import { OPAQUE, OPENAI_SPEC } from "./sources.ts";

const {
  byKind,
  free,
  limit,
  list,
  measured,
  measuredObject,
  object,
  oneOf,
  reference,
  refused,
  schema,
  typed,
} = citing(OPENAI_SPEC);

const TEXT = object({
  type: free(),
  text: free(),
  annotations: free(),
  logprobs: free(),
  ...CACHE_BREAKPOINT,
});

const CONTENT = byKind({
  string: free(),
  array: list(
    typed({
      input_text: TEXT,
      output_text: TEXT,
      text: TEXT,
      summary_text: TEXT,
      reasoning_text: TEXT,
      refusal: object({ type: free(), refusal: free() }),
      input_image: object({
        type: free(),
        detail: free(),
        image_url: IMAGE_URL,
        file_id: reference("is stored at the provider, so that its size is not known"),
        ...CACHE_BREAKPOINT,
      }),
      input_file: object({
        type: free(),
        detail: free(),
        filename: free(),
        file_data: measured(document, "at most the model's context"),
        file_id: reference("is stored at the provider, so that its size is not known"),
        file_url: reference("is fetched by the provider, so that its size is not known"),
        ...CACHE_BREAKPOINT,
      }),
    }),
    4,
  ),
});

const STORED = "is stored at the provider, so that its size is not known";

/** The type of a reference may be left out: it is an id, and nothing else. */
function message(node: JsonNode, path: string, tally: Tally): void {
  const has = (name: string) =>
    node.members.some((member) => tally.tree.name(member) === name && member.value.kind !== "null");
  if (!has("role") || !has("content")) tally.refuse(`${path}.item_reference`, STORED, true);
}

/** What was said of a call: texts that the client has. */
const CALL = object(
  each(
    ["type", "id", "status", "call_id", "name", "arguments", "input", "namespace", "caller", "async"],
    free(),
  ),
);
const CALL_OUTPUT = object({
  ...each(["type", "id", "status", "call_id", "name", "namespace", "caller"], free()),
  output: CONTENT,
});

const ITEMS = typed(
  {
    message: measuredObject(
      { ...each(["type", "id", "role", "status", "phase"], free()), content: CONTENT },
      message,
      "with role and content; what has none of them is a reference",
    ),
    function_call: CALL,
    custom_tool_call: CALL,
    function_call_output: CALL_OUTPUT,
    custom_tool_call_output: CALL_OUTPUT,
    reasoning: citing(OPAQUE).measuredObject(
      each(["type", "id", "status", "summary", "content", "encrypted_content"], free()),
      reasoning,
      "with its encrypted text by the bytes of that; by its id alone, at most the model's context",
    ),
    compaction: measured(document, "stands for an earlier conversation: at most the model's context"),
    item_reference: reference(STORED),
  },
  "message",
);

/** Reasoning of before comes back as a text that nobody can read, or is looked up at the provider by its id. */
function reasoning(node: JsonNode, path: string, tally: Tally): void {
  const isCarried = node.members.some(
    (member) =>
      tally.tree.name(member) === "encrypted_content" && (tally.tree.text(member.value) ?? "") !== "",
  );
  if (!isCarried) tally.needWindow(path);
}

const CLIENT_TOOLS = {
  function: object({
    ...FUNCTION,
    ...each(["type", "allowed_callers", "async", "defer_loading"], free()),
    output_schema: schema(),
  }),
  custom: schema("name, description and grammar"),
};

export const RESPONSES: Readonly<Record<string, Rule>> = {
  ...COMMON,
  ...each(["image", "include", "instructions", "max_tool_calls", "truncation"], free()),
  input: byKind({ string: free(), array: list(ITEMS, MESSAGE_TOKENS) }),
  max_output_tokens: limit("covers reasoning; 16 at least"),
  text: object({
    verbosity: free(),
    format: TEXT_FORMATS(
      object({ type: free(), name: free(), description: free(), schema: JSON_SCHEMA, strict: free() }),
    ),
  }),
  reasoning: object({
    ...each(["context", "effort", "generate_summary", "summary"], free()),
    mode: oneOf(["standard"], "asks for a mode that may think more than once"),
  }),
  tools: list(
    typed({
      ...CLIENT_TOOLS,
      namespace: object({
        type: free(),
        name: free(),
        description: free(),
        tools: list(typed(CLIENT_TOOLS), TOOL_TOKENS),
      }),
      ...each(
        [
          "web_search",
          "web_search_preview",
          "file_search",
          "code_interpreter",
          "computer",
          "computer_use_preview",
          "image_generation",
          "mcp",
          "shell",
          "tool_search",
          "programmatic_tool_calling",
        ],
        SERVER_TOOL,
      ),
    }),
    TOOL_TOKENS,
  ),
  background: oneOf([false], "runs on when the client is gone"),
  previous_response_id: reference("continues a conversation that is stored at the provider"),
  conversation: reference("continues a conversation that is stored at the provider"),
  prompt: refused("is stored at the provider with tools and settings of its own"),
  context_management: refused("has the conversation shortened by another call of a model"),
};
